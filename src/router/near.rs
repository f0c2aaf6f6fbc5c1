//! The replica of this isolate's region, where a database has one there.

use isolite_protocol::directory::{DatabaseRecord, LocationHint};
use isolite_protocol::query_string;
use worker::Env;

use crate::object::call_js::{Address, has_replicas};
use crate::region;

pub(crate) struct Near {
    pub name: String,
    pub region: LocationHint,
    /// What each call of the replica tells it of its primary, first of all in the path's query and
    /// with each name, so that whatever a client writes there is not taken for it.
    pub query: String,
}

impl Near {
    /// None where the primary is as near, and where it is not known what is near.
    pub(crate) fn of(env: &Env, record: &DatabaseRecord) -> Option<Near> {
        if !record.settings.replicates() {
            return None;
        }
        let region = region::here(env)?;
        let home = record.primary_location_hint;
        let served = match record.jurisdiction {
            Some(jurisdiction) => jurisdiction.serves(region),
            // Where one lies that was made without a place nobody knows.
            None => true,
        };
        if !served || home == Some(region) || !has_replicas(env) {
            return None;
        }
        let query = format!(
            "database={}&region={}&hint={}&epoch={}&jurisdiction={}&settings={}",
            record.uuid,
            region.as_str(),
            home.map_or("", LocationHint::as_str),
            record.epoch,
            record.jurisdiction.map_or("", |border| border.as_str()),
            record.settings_revision,
        );
        Some(Near { name: replica_name(&record.uuid, region.as_str()), region, query })
    }

    /// The path of a call: with where the primary is, and what the answer may be.
    pub(crate) fn path(&self, path: &str, age_ms_max: Option<f64>, least: Option<&str>) -> String {
        let (resource, query) = path.split_once('?').unwrap_or((path, ""));
        let age_ms_max = age_ms_max.map_or(String::new(), |age_ms_max| age_ms_max.to_string());
        let least = query_string::encode(least.unwrap_or_default());
        let own = &self.query;
        format!("{resource}?{own}&age_ms_max={age_ms_max}&least={least}&{query}")
    }

    pub(crate) fn address<'a>(&'a self, record: &DatabaseRecord) -> Address<'a> {
        Address {
            name: &self.name,
            location_hint: Some(self.region.as_str()),
            jurisdiction: record.jurisdiction.map(|jurisdiction| jurisdiction.as_str()),
        }
    }
}

/// The name of the object that keeps a database in a region.
pub(crate) fn replica_name(database: &str, region: &str) -> String {
    format!("{database}/{region}")
}
