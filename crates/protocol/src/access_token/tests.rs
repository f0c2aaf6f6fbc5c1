//! Aim: a token says what it says in one way only, and whatever was tried on JWTs elsewhere is refused
//! here before anybody looks at its signature.
//! Method: tokens put together from parts; one as the program `isolite` makes them; and
//! keys in each form.

use super::*;
use crate::directory::Right;

/// Of one pair: the private key is the bytes from 1 to 32.
const KEY: &str = "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ";
const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=\n\
    -----END PUBLIC KEY-----\n";
const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n\
    -----END PRIVATE KEY-----\n";
const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n\
    9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n\
    -----END PUBLIC KEY-----\n";

/// Read-only, for `demo`, until 2100. tests/access_token_cli.test.mjs checks its signature.
const TOKEN: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.\
    eyJhIjoicm8iLCJpZCI6ImRlbW8iLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6NDEwMjQ0NDgwMH0.\
    _3pTMIqy7xXIa-ejfyP8ZnDcQoakQpN-c_YgR_5KsilMhdvoJZba2AvyygRxCOrlpy57-ggD-0rX-uE151kJCw";

const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;
const YEAR_2030: u64 = 1_893_456_000;

fn token_of(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    let part = |bytes: &[u8]| base64url::encode(bytes);
    format!("{}.{}.{}", part(header.as_ref()), part(claims.as_ref()), part(&[7; 64]))
}

fn refused(token: &str) -> TokenError {
    AccessToken::parse(token).expect_err("it is refused")
}

fn claims(text: &str) -> Result<Claims, TokenError> {
    AccessToken::parse(&token_of(HEADER, text)).map(|token| token.claims().clone())
}

#[test]
fn a_token_as_the_program_makes_them() {
    let token = AccessToken::parse(TOKEN).unwrap();
    let (signed, signature) = TOKEN.rsplit_once('.').unwrap();
    assert_eq!(token.signed(), signed.as_bytes());
    assert_eq!(base64url::encode(token.signature()), signature);
    let expected = Claims {
        id: Some("demo".into()),
        access: Right::Read,
        exp: Some(4_102_444_800),
        nbf: None,
    };
    assert_eq!(*token.claims(), expected);
    assert_eq!(token.claims().grant(&["demo", "8d4c"], YEAR_2030), Ok(Right::Read));
    assert!(!format!("{token:?}").contains(signature));
}

#[test]
fn the_header_chooses_nothing() {
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"Ed25519"}"#,
        r#"{"alg":"eddsa"}"#,
        r#"{"alg":"EdDSA "}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["EdDSA"]}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"ALG":"EdDSA"}"#,
        r#"{"alg":"EdDSA","alg":"none"}"#,
        r#"{"alg":"none","alg":"EdDSA"}"#,
        r#"{"\u0061lg":"none","alg":"EdDSA"}"#,
    ] {
        assert_eq!(refused(&token_of(header, "{}")), TokenError::Algorithm, "{header}");
    }
    for crit in [r#"["b64"]"#, "[]", "null"] {
        let header = format!(r#"{{"alg":"EdDSA","b64":false,"crit":{crit}}}"#);
        assert_eq!(refused(&token_of(header, "{}")), TokenError::Critical);
    }
    // Keys that a token brings are of no account.
    let header =
        format!(r#"{{"alg":"EdDSA","kid":"1","jku":"https://a.b","jwk":{{"x":"{KEY}"}}}}"#);
    assert!(AccessToken::parse(&token_of(header, "{}")).is_ok());
}

#[test]
fn signed_with_the_public_key_as_a_secret() {
    use hmac::{Hmac, KeyInit, Mac};
    for key in [PEM, KEY] {
        let mut token = token_of(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"a":"rw"}"#);
        token.truncate(token.rfind('.').unwrap());
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let mac = mac.chain_update(&token).finalize().into_bytes();
        let signed = format!("{token}.{}", base64url::encode(&mac));
        assert_eq!(refused(&signed), TokenError::Algorithm);
        // The same under another name has a signature of the wrong size.
        let renamed = signed.replace(
            &base64url::encode(br#"{"alg":"HS256","typ":"JWT"}"#),
            &base64url::encode(HEADER.as_bytes()),
        );
        assert_eq!(refused(&renamed), TokenError::NotAToken);
    }
}

#[test]
fn three_parts_each_in_its_place() {
    let [header, claims, signature] = TOKEN.split('.').collect::<Vec<_>>().try_into().unwrap();
    for parts in [
        vec![],
        vec![""],
        vec!["secret"],
        vec!["isolite_0123456789abcdef"],
        vec![header, claims],
        vec![header, claims, ""],
        vec![header, "", signature],
        vec!["", claims, signature],
        vec!["", "", ""],
        vec![header, claims, signature, ""],
        vec![header, claims, signature, signature],
        vec!["", header, claims, signature],
        vec![header, signature, claims],
        vec![signature, header, claims],
        vec![header, claims, &signature[..85]],
        vec![header, claims, &signature[..84]],
        vec![header, claims, header],
    ] {
        assert_eq!(refused(&parts.join(".")), TokenError::NotAToken, "{parts:?}");
    }
    assert_eq!(refused(&[claims, header, signature].join(".")), TokenError::Algorithm);
}

#[test]
fn one_spelling() {
    let [header, claims, signature] = TOKEN.split('.').collect::<Vec<_>>().try_into().unwrap();
    // The last digit has bits that belong to no byte.
    let other = format!("{}x", &signature[..85]);
    assert!(signature.ends_with('w'));
    for token in [
        format!("{header}.{claims}.{other}"),
        format!("{header}.{claims}.{signature}=="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{signature}\n"),
        format!(" {header}.{claims}.{signature}"),
        format!("{header}.{claims}.{}", signature.replace('_', "/").replace('-', "+")),
        format!("{header}.{claims}.{}", signature.replace('_', "é")),
        format!("Bearer {TOKEN}"),
    ] {
        assert_eq!(refused(&token), TokenError::NotAToken, "{token}");
    }
}

#[test]
fn json_objects_in_utf_8() {
    let wrong: [&[u8]; 11] = [
        b"",
        b"null",
        b"{",
        b"{}{}",
        b"{} x",
        b"\"{}\"",
        br#"["EdDSA"]"#,
        br#"["EdDSA",false]"#,
        b"\xef\xbb\xbf{}",
        b"{\"x\":\"\xff\"}",
        b"{'alg':'EdDSA'}",
    ];
    for part in wrong {
        assert_eq!(refused(&token_of(part, "{}")), TokenError::NotAToken, "{part:?}");
        assert_eq!(refused(&token_of(HEADER, part)), TokenError::NotAToken, "{part:?}");
    }
    assert_eq!(claims(" { } \n").unwrap().access, Right::Write);
    // Neither the stack nor the time grows beyond what the length allows.
    for deep in ["[", "{\"x\":"] {
        let deep = deep.repeat(5_800 / deep.len());
        let told = claims(&format!("{{\"id\":{deep}")).unwrap_err();
        assert_eq!(told, TokenError::NotAToken);
    }
    let deep = format!("{{\"id\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(claims(&deep), Err(TokenError::Claims));
}

#[test]
fn long_ones() {
    let sized = |bytes: usize| {
        let empty = token_of(HEADER, r#"{"x":""}"#).len();
        token_of(HEADER, format!(r#"{{"x":"{}"}}"#, "x".repeat((bytes - empty) / 4 * 3)))
    };
    let fits = sized(TOKEN_BYTES_MAX - 4);
    assert!((TOKEN_BYTES_MAX - 8..=TOKEN_BYTES_MAX).contains(&fits.len()), "{}", fits.len());
    assert!(AccessToken::parse(&fits).is_ok());
    assert_eq!(refused(&sized(TOKEN_BYTES_MAX + 8)), TokenError::TooLong);
    assert_eq!(refused(&"x".repeat(100_000_000)), TokenError::TooLong);
    assert!(TokenError::TooLong.as_str().contains(&TOKEN_BYTES_MAX.to_string()));
}

#[test]
fn claims_in_each_form() {
    let of =
        |id: Option<&str>, access, exp, nbf| Claims { id: id.map(Into::into), access, exp, nbf };
    for (text, expected) in [
        ("{}", of(None, Right::Write, None, None)),
        (r#"{"a":"rw"}"#, of(None, Right::Write, None, None)),
        (r#"{"a":"ro","iat":1,"iss":[1],"sub":{"a":"rw"}}"#, of(None, Right::Read, None, None)),
        (r#"{"id":null,"a":null,"p":null,"exp":null}"#, of(None, Right::Write, None, None)),
        (r#"{"id":"x","exp":1.9,"nbf":1.1}"#, of(Some("x"), Right::Write, Some(1), Some(2))),
        (r#"{"exp":1.8e9,"nbf":0}"#, of(None, Right::Write, Some(1_800_000_000), Some(0))),
        (r#"{"exp":-1,"nbf":-1.5}"#, of(None, Right::Write, Some(0), Some(0))),
        (r#"{"exp":1e300}"#, of(None, Right::Write, Some(u64::MAX), None)),
        (r#"{"exp":18446744073709551615}"#, of(None, Right::Write, Some(u64::MAX), None)),
    ] {
        assert_eq!(claims(text), Ok(expected), "{text}");
    }
}

#[test]
fn claims_that_are_refused() {
    for (text, expected) in [
        (r#"{"a":"RO"}"#, TokenError::Access),
        (r#"{"a":""}"#, TokenError::Access),
        (r#"{"a":"roa"}"#, TokenError::Access),
        (r#"{"a":["ro"]}"#, TokenError::Access),
        (r#"{"a":true}"#, TokenError::Access),
        (r#"{"a":"ro","a":"rw"}"#, TokenError::Claims),
        (r#"{"id":"x","id":null}"#, TokenError::Claims),
        (r#"{"exp":1,"\u0065xp":9999999999}"#, TokenError::Claims),
        (r#"{"id":5}"#, TokenError::Claims),
        (r#"{"id":["demo"]}"#, TokenError::Claims),
        (r#"{"exp":"2030-01-01"}"#, TokenError::Claims),
        (r#"{"exp":"9999999999"}"#, TokenError::Claims),
        (r#"{"exp":false}"#, TokenError::Claims),
        (r#"{"exp":{}}"#, TokenError::Claims),
        (r#"{"nbf":[]}"#, TokenError::Claims),
        (r#"{"exp":1e400}"#, TokenError::Claims),
        (r#"{"p":{"ro":{"ns":["demo"]}}}"#, TokenError::Permissions),
        (r#"{"a":"ro","p":{}}"#, TokenError::Permissions),
        (r#"{"p":false}"#, TokenError::Permissions),
    ] {
        assert_eq!(claims(text), Err(expected), "{text}");
    }
}

#[test]
fn what_is_granted() {
    let names = ["demo", "8d4c3b2a-0000-4000-8000-00000000abcd"];
    let of = |text: &str| claims(text).unwrap().grant(&names, 1_000);
    assert_eq!(of("{}"), Ok(Right::Write));
    assert_eq!(of(r#"{"a":"ro"}"#), Ok(Right::Read));
    for name in names {
        assert_eq!(of(&format!(r#"{{"id":"{name}"}}"#)), Ok(Right::Write));
    }
    for id in ["", "Demo", "demo ", "dem", "demo2", "*", "8D4C3B2A-0000-4000-8000-00000000ABCD"] {
        assert_eq!(of(&format!(r#"{{"id":"{id}"}}"#)), Err(TokenError::OtherDatabase), "{id}");
    }
    assert_eq!(of(r#"{"exp":1000}"#), Err(TokenError::Expired));
    assert_eq!(of(r#"{"exp":1000.9}"#), Err(TokenError::Expired));
    assert_eq!(of(r#"{"exp":1001}"#), Ok(Right::Write));
    assert_eq!(of(r#"{"nbf":1000}"#), Ok(Right::Write));
    assert_eq!(of(r#"{"nbf":1000.1}"#), Err(TokenError::NotYet));
    assert_eq!(of(r#"{"exp":0,"id":"other"}"#), Err(TokenError::Expired));
    assert_eq!(claims(r#"{"id":"demo"}"#).unwrap().grant(&[], 0), Err(TokenError::OtherDatabase));
}

#[test]
fn keys_in_each_form() {
    let key = PublicKey::parse(KEY).unwrap();
    assert_eq!(key.as_bytes()[..4], [0x79, 0xb5, 0x56, 0x2e]);
    assert_eq!(key.to_string(), KEY);
    let standard = KEY.replace('_', "/");
    for text in [
        PEM.to_owned(),
        PEM.replace('\n', "\r\n"),
        PEM.replace('\n', "\\n"),
        PEM.replace('\n', " "),
        PEM.trim_end().to_owned(),
        format!("\n  {KEY}\n"),
        format!("{KEY}="),
        standard.clone(),
        format!("{standard}="),
    ] {
        assert_eq!(PublicKey::parse(&text), Ok(key), "{text}");
    }
}

#[test]
fn several_keys() {
    let other = base64url::encode(&[9; 32]);
    for text in [
        format!("{KEY} {other}"),
        format!("{KEY},{other}"),
        format!("{PEM}{other}"),
        format!(", {KEY}\n\n{other},"),
        format!("{}\\n{other}", PEM.replace('\n', "\\n")),
    ] {
        let keys = PublicKey::parse_all(&text).unwrap();
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), [KEY, &other]);
        assert_eq!(PublicKey::parse(&text), Err(KeyError::Several));
    }
    assert_eq!(PublicKey::parse_all(&PEM.repeat(KEYS_MAX)).unwrap().len(), KEYS_MAX);
    assert_eq!(PublicKey::parse_all(&PEM.repeat(KEYS_MAX + 1)), Err(KeyError::TooMany));
}

#[test]
fn what_is_no_key() {
    let zeros = base64url::encode(&[0; 32]);
    let one = base64url::encode(&{
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes[31] = 0x80;
        bytes
    });
    for (text, expected) in [
        ("", KeyError::Empty),
        (" \n ", KeyError::Empty),
        (PRIVATE_PEM, KeyError::Private),
        ("-----BEGIN EC PRIVATE KEY-----\nAAAA", KeyError::Private),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", KeyError::Pem),
        ("-----BEGIN PUBLIC KEY-----\nMCow", KeyError::Pem),
        (RSA_PEM, KeyError::NotEd25519),
        (&PEM.replace("MCow", "MCox"), KeyError::NotEd25519),
        (&PEM.replace("MCow", "M*ow"), KeyError::NotBase64),
        (&KEY[..40], KeyError::Length { bytes: 30 }),
        (&KEY[..42], KeyError::NotBase64),
        ("c2VjcmV0", KeyError::Length { bytes: 6 }),
        ("{\"kty\":\"OKP\"}", KeyError::NotBase64),
        (&zeros, KeyError::Weak),
        (&one, KeyError::Weak),
    ] {
        assert_eq!(PublicKey::parse_all(text), Err(expected), "{text}");
        let told = expected.to_string();
        assert!(text.is_empty() || text.starts_with(' ') || !told.contains(text), "{told}");
    }
}

#[test]
fn the_texts_are_documented() {
    let documented = include_str!("../../../../docs/hrana.md");
    for error in TokenError::ALL {
        assert!(documented.contains(&format!("| {error} |")), "{error}");
    }
}
