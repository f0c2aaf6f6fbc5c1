//! Whether a token was signed by a key, by the platform's cryptography: that is in every isolate, and
//! ours would be in every start.
//!
//! The keys are the database's own or, if it has none, those of the variable `ISOLITE_JWT_KEY`. A
//! database with keys that cannot be read lets nobody in: the Worker's stand in for none.

use std::cell::RefCell;
use std::collections::HashMap;

use isolite_protocol::DatabaseRecord;
use isolite_protocol::access_token::{AccessToken, PublicKey, TokenError};
use isolite_protocol::directory::Right;
use js_sys::{Array, Date, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use crate::settings_js::setting;

const KEY_VARIABLE: &str = "ISOLITE_JWT_KEY";

const ALGORITHM: &str = "Ed25519";

/// An isolate serves few keys, and a key that is dropped is imported again.
const IMPORTED_MAX: usize = 64;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type CryptoKey;

    /// Resolves with a [`CryptoKey`].
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = importKey)]
    fn import_key(
        format: &str,
        key: &Uint8Array,
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;

    /// Resolves with a boolean.
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"])]
    fn verify(
        algorithm: &str,
        key: &CryptoKey,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

thread_local! {
    static IMPORTED: RefCell<HashMap<PublicKey, CryptoKey>> = RefCell::default();
}

/// Nobody was let in, and nothing was done.
#[derive(Debug)]
pub(crate) enum Denied {
    /// Neither the database nor the Worker has a key: no token of this kind is of use here.
    NoKey,
    /// What is set as a key is none; the text is for whoever set it.
    Misconfigured(String),
    Token(TokenError),
    /// The signature could not be checked. The caller may try again.
    Platform(worker::Error),
}

/// What the token of a request grants at a database.
pub(crate) async fn authorize(
    env: &Env,
    record: &DatabaseRecord,
    bearer: &str,
) -> Result<Right, Denied> {
    let keys = keys(env, record)?;
    let token = AccessToken::parse(bearer).map_err(Denied::Token)?;
    if !is_signed_by_one(&token, &keys).await.map_err(Denied::Platform)? {
        return Err(Denied::Token(TokenError::Signature));
    }
    let now_s = (Date::now() / 1_000.0) as u64;
    token.claims().grant(&[&record.name, &record.uuid], now_s).map_err(Denied::Token)
}

/// Those that count for a database.
fn keys(env: &Env, record: &DatabaseRecord) -> Result<Vec<PublicKey>, Denied> {
    let (name, text) = match &record.settings.jwt_key {
        Some(own) => ("The jwt_key of this database", own.clone()),
        None => match setting(env, KEY_VARIABLE).filter(|text| !text.trim().is_empty()) {
            Some(text) => (KEY_VARIABLE, text),
            None => return Err(Denied::NoKey),
        },
    };
    PublicKey::parse_all(&text)
        .map_err(|error| Denied::Misconfigured(format!("{name} is not a public key: {error}")))
}

async fn is_signed_by_one(token: &AccessToken<'_>, keys: &[PublicKey]) -> worker::Result<bool> {
    for key in keys {
        if is_signed_by(token, key).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) async fn is_signed_by(token: &AccessToken<'_>, key: &PublicKey) -> worker::Result<bool> {
    let key = imported(key).await?;
    let signature = Uint8Array::from(token.signature().as_slice());
    let signed = verify(ALGORITHM, &key, &signature, &Uint8Array::from(token.signed()))?;
    // Whatever is not `true` is a refusal.
    Ok(JsFuture::from(signed).await? == JsValue::TRUE)
}

async fn imported(key: &PublicKey) -> worker::Result<CryptoKey> {
    if let Some(imported) = IMPORTED.with_borrow(|keys| keys.get(key).cloned()) {
        return Ok(imported);
    }
    let bytes = Uint8Array::from(key.as_bytes().as_slice());
    let usages = Array::of1(&"verify".into());
    let import = import_key("raw", &bytes, ALGORITHM, false, &usages)?;
    let imported: CryptoKey = JsFuture::from(import).await?.unchecked_into();
    IMPORTED.with_borrow_mut(|keys| {
        if keys.len() >= IMPORTED_MAX {
            keys.clear();
        }
        keys.insert(*key, imported.clone());
    });
    Ok(imported)
}
