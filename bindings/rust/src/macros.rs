//! `query!`, which prepares a statement and binds what it is given, with the forms of `worker`'s.

/// Prepares a query and binds its parameters, which are anything that implements
/// [`serde::Serialize`] as null, a boolean, a number, a string or an array of bytes.
///
/// Without parameters it gives a [`D1PreparedStatement`](crate::D1PreparedStatement), with
/// parameters, or a comma where they would begin, a `Result` of one.
///
/// ```no_run
/// # fn example(db: isolite::D1Database, min: u32, name: Option<String>) -> isolite::Result<()> {
/// let all = isolite::query!(&db, "SELECT * FROM things");
/// let some = isolite::query!(&db, "SELECT * FROM things WHERE n > ?1 AND name = ?2", min, name)?;
/// # let _ = (all, some);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! query {
    ($db:expr, $query:expr) => {
        $crate::D1Database::prepare($db, $query)
    };
    ($db:expr, $query:expr, $($args:expr),* $(,)?) => {{
        || -> $crate::Result<$crate::D1PreparedStatement> {
            let prepared = $crate::D1Database::prepare($db, $query);
            let values = ::std::vec![$($crate::parameter(&$args)?),*];
            ::std::result::Result::Ok($crate::D1PreparedStatement::bind_values(prepared, values))
        }()
    }};
}
