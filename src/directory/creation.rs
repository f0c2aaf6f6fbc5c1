//! Creating databases: at once, or with the schema of a template before anybody can use them.
//!
//! One with a template is entered as one that is being wiped, and is there only when it is whole. So
//! whatever a crash or an error leaves half made is wiped by the alarm, and the name is free.

use isolite_protocol::Answer as D1Answer;
use isolite_protocol::directory::{DatabaseName, DatabaseRecord, NewDatabase, Refusal};

use super::database_table::Standing;
use super::{Directory, Outcome, platform_js};
use crate::object::call_js::{Message, Object, Text, check_jurisdiction, send};

impl Directory {
    pub(super) async fn create(&self, body: &str) -> Outcome<DatabaseRecord> {
        let new = match NewDatabase::decode(body) {
            Ok(new) => new,
            Err(error) => return Ok(Err(Refusal::Malformed(error.to_string()))),
        };
        // Of two first uses at once the second finds what the first has made.
        let _name = self.turns.take(new.name.as_str()).await;
        if let Some(existing) = self.table()?.by_name(new.name.as_str())? {
            let taken = Refusal::name_taken(&existing.name);
            return Ok(if new.if_missing { Ok(existing) } else { Err(taken) });
        }
        if let Some(jurisdiction) = new.jurisdiction
            && let Err(text) = check_jurisdiction(&self.env, jurisdiction)
        {
            return Ok(Err(Refusal::Malformed(text)));
        }
        if let Err(text) = self.check_limits(&new.settings) {
            return Ok(Err(Refusal::Malformed(text)));
        }
        let record = DatabaseRecord {
            uuid: crate::platform_js::random_uuid()?,
            name: new.name.as_str().to_owned(),
            created_at: platform_js::now(),
            version: "production".to_owned(),
            // A border decides the place by itself.
            primary_location_hint: new.primary_location_hint.or(match new.jurisdiction {
                Some(_) => None,
                None => new.region,
            }),
            jurisdiction: new.jurisdiction,
            settings_revision: u64::from(!new.settings.is_default()),
            settings: new.settings,
            ..DatabaseRecord::default()
        };
        match &new.template {
            Some(template) => self.create_from(template, record).await,
            None => self.enter(record).await,
        }
    }

    async fn enter(&self, record: DatabaseRecord) -> Outcome<DatabaseRecord> {
        if record.settings.is_default() {
            self.table()?.insert(&record, Standing::Live, false)?;
            return Ok(Ok(record));
        }
        let _turn = self.turns.take(&record.uuid).await;
        self.mark(|table| table.insert(&record, Standing::Live, true)).await?;
        self.finish(&record.uuid).await;
        self.rest_if_done().await?;
        Ok(Ok(record))
    }

    async fn create_from(
        &self,
        template: &DatabaseName,
        record: DatabaseRecord,
    ) -> Outcome<DatabaseRecord> {
        let id = record.uuid.as_str();
        let _turn = self.turns.take(id).await;
        let schema = match self.schema_of(template).await? {
            Ok(schema) => schema,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.mark(|table| table.insert(&record, Standing::BeingWiped, false)).await?;
        let seeded = self.seed(&record, schema).await;
        if !matches!(seeded, Ok(Ok(()))) {
            self.finish(id).await;
            self.rest_if_done().await?;
            return Ok(seeded?.map(|()| record));
        }
        self.table()?.stand(id, Standing::Live)?;
        if !record.settings.is_default() {
            self.mark(|table| table.set_pending(id, true)).await?;
            self.finish(id).await;
        }
        self.rest_if_done().await?;
        Ok(Ok(record))
    }

    /// The statements that make it, as the body of a batch.
    async fn schema_of(&self, template: &DatabaseName) -> Outcome<Text> {
        let name = template.as_str();
        let Some(record) = self.table()?.by_name(name)? else {
            let text = format!("The template {name} could not be found: create it first");
            return Ok(Err(Refusal::Malformed(text)));
        };
        let message = Message { path: "/schema", ..Message::default() };
        let answer = send(&self.env, Object::primary_of(&record), message).await?;
        Ok(match answer.status {
            200 => Ok(answer.text),
            _ => Err(not_copied(name, &String::from(answer.text))),
        })
    }

    /// In one transaction: all of it, or nothing.
    async fn seed(&self, record: &DatabaseRecord, schema: Text) -> Outcome<()> {
        let statements = String::from(schema.clone());
        if statements == "[]" {
            return Ok(Ok(()));
        }
        let path = "/query?resultsFormat=NONE&numbers=exact";
        let message = Message { path, body: Some(&schema), ..Message::default() };
        let answer = send(&self.env, Object::primary_of(record), message).await?;
        let text = String::from(answer.text);
        Ok(match text.starts_with('[') {
            true => Ok(()),
            false => Err(not_copied(&record.name, &text)),
        })
    }
}

fn not_copied(name: &str, answer: &str) -> Refusal {
    let failure = D1Answer::decode(answer).ok().and_then(std::result::Result::err);
    let text = failure.map_or_else(|| answer.to_owned(), |failure| failure.error);
    Refusal::Malformed(format!("The template's schema could not be copied to {name}: {text}"))
}
