use hyper::client::HttpConnector;
use libsql::Builder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (url, token) = (std::env::var("LIBSQL_URL")?, std::env::var("LIBSQL_AUTH_TOKEN")?);
    let db = Builder::new_remote(url, token)
        .connector(HttpConnector::new()) // not with libsql's default features, which bring one
        .build()
        .await?;
    let conn = db.connect()?;
    conn.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)", ()).await?;
    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO notes VALUES (?1)", ["written by Rust"]).await?;
    tx.commit().await?;
    let mut rows = conn.query("SELECT text FROM notes", ()).await?;
    while let Some(row) = rows.next().await? {
        println!("{}", row.get::<String>(0)?);
    }
    Ok(())
}
