//! Databases of random schemas and values, the same ones for the same seed.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const TYPES: [&str; 8] = ["", "TEXT", "INTEGER", "INT", "REAL", "BLOB", "NUMERIC", "VARCHAR(9)"];
const NAMES: [&str; 8] = ["a", "b c", "select", "d\"e", "é", "rowid", "oid", "x'y"];

fn literal(random: &mut Random) -> String {
    match random.below(12) {
        0 => "NULL".to_owned(),
        1 => (random.next() as i64).to_string(),
        2 => (random.below(20) as i64 - 10).to_string(),
        3 => format!("{:?}", f64::from_bits(random.next()))
            .replace("NaN", "0.5")
            .replace("inf", "9e999"),
        4 => format!("{:?}", random.below(1000) as f64 / 100.0),
        5 => "-0.0".to_owned(),
        6 => format!("'{}'", random.pick(&["", "a", "A", "''", "ß\n", ";--", "12", "1e3", " 7"])),
        7 => format!("CAST(x'{:016x}' AS TEXT)", random.next()),
        8 => format!("x'{:08x}'", random.next() as u32),
        9 => "x''".to_owned(),
        10 => format!("replace(hex(zeroblob({})), '0', 'x''')", random.below(3000)),
        _ => random.pick(&["9e999", "-9e999", "9007199254740993", "1.0"]).to_string(),
    }
}

fn table_sql(random: &mut Random, name: &str) -> (String, Vec<&'static str>) {
    let mut names: Vec<&'static str> = NAMES.to_vec();
    let count = random.below(names.len() - 1) + 1;
    let columns: Vec<&'static str> =
        (0..count).map(|_| names.remove(random.below(names.len()))).collect();
    let mut parts: Vec<String> = columns
        .iter()
        .map(|column| format!("{} {}", quoted(column), random.pick(&TYPES)))
        .collect();
    let has_key = random.below(3) > 0;
    if has_key {
        let size = random.below(columns.len().min(3)) + 1;
        let key: Vec<String> = columns[..size]
            .iter()
            .map(|column| {
                let collation = random.pick(&["", "", " COLLATE NOCASE", " COLLATE RTRIM"]);
                format!("{}{collation}{}", quoted(column), random.pick(&["", " DESC"]))
            })
            .collect();
        parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
    }
    let options = if has_key && random.below(2) == 0 { " WITHOUT ROWID" } else { "" };
    (format!("CREATE TABLE {}({}){options}", quoted(name), parts.join(", ")), columns)
}

#[test]
fn random_databases_come_back() {
    for seed in 1..=20 {
        let mut random = Random::new(seed);
        let mut database = empty();
        for number in 0..3 {
            let name = format!("t{number} \"'");
            let (sql, columns) = table_sql(&mut random, &name);
            load(&mut database, sql.as_bytes()).unwrap();
            let quoted_columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
            let mut script = String::new();
            for _ in 0..random.below(60) {
                let values: Vec<String> = columns.iter().map(|_| literal(&mut random)).collect();
                script += &format!(
                    "INSERT OR IGNORE INTO {}({}) VALUES({});\n",
                    quoted(&name),
                    quoted_columns.join(","),
                    values.join(",")
                );
            }
            // A value may not suit an INTEGER PRIMARY KEY.
            for statement in script.lines() {
                let _ = load(&mut database, statement.as_bytes());
            }
            let _ = load(
                &mut database,
                format!("DELETE FROM {} WHERE {} = 3", quoted(&name), quoted_columns[0]).as_bytes(),
            );
        }
        let sizes = [1, random.below(5000) + 1, 1 << 20];
        round_trip(&mut database, &sizes, &format!("seed {seed}"));
    }
}
