//! Cities by country, the largest first.

use isolite::{D1Database, D1PreparedStatement, D1Type, Result};
use serde::{Deserialize, Serialize};
use worker::{Request, Response};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS cities
    (name TEXT PRIMARY KEY, country TEXT NOT NULL, population INTEGER NOT NULL) STRICT";
const INSERT: &str = "INSERT OR REPLACE INTO cities VALUES (?1, ?2, ?3)";
const BY_COUNTRY: &str = "SELECT name, country, population FROM cities
    WHERE country = ?1 ORDER BY population DESC LIMIT ?2";

const CITIES: [(&str, &str, i32); 8] = [
    ("Berlin", "DE", 3_677_472),
    ("Hamburg", "DE", 1_906_411),
    ("Munich", "DE", 1_487_708),
    ("Paris", "FR", 2_133_111),
    ("Marseille", "FR", 873_076),
    ("Tokyo", "JP", 13_515_271),
    ("Osaka", "JP", 2_753_862),
    ("Zürich", "CH", 421_878),
];

#[derive(Deserialize, Serialize)]
struct City {
    name: String,
    country: String,
    population: i64,
}

#[derive(Deserialize)]
struct Search {
    country: String,
    limit: Option<u32>,
}

pub fn set_up(db: &D1Database) -> Result<Vec<D1PreparedStatement>> {
    let rows = CITIES.map(|(name, country, population)| {
        [D1Type::Text(name), D1Type::Text(country), D1Type::Integer(population)]
    });
    let mut statements = vec![db.prepare(SCHEMA)];
    statements.extend(db.prepare(INSERT).batch_bind(&rows)?);
    Ok(statements)
}

/// `GET /cities?country=DE&limit=2`
pub async fn list(db: &D1Database, request: &Request) -> Result<Response> {
    let Ok(search) = request.query::<Search>() else {
        return Response::error("Say which country, as in /cities?country=DE", 400);
    };
    let limit = search.limit.unwrap_or(10).min(100);
    let rows = isolite::query!(db, BY_COUNTRY, search.country, limit)?.all().await?;
    Response::from_json(&rows.results::<City>()?)
}
