//! A file in pieces, as a stream: while a client takes one, the next is already under way.

use std::cell::RefCell;
use std::future::{Future, ready};
use std::rc::Rc;

use futures_util::stream::{self, Stream, StreamExt};
use isolite_protocol::rest::RestError;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::{Error, console_error};

pub(super) struct Piece<C> {
    pub bytes: Vec<u8>,
    /// How the piece after it is asked for; none after the last.
    pub next: Option<C>,
}

type Outcome<C> = Result<Piece<C>, RestError>;

/// `first` and all after it, which `fetch` gets. An error ends the stream, so that the client's
/// download fails.
pub(super) fn pieces<C: 'static, F>(
    first: Piece<C>,
    fetch: impl Fn(C) -> F + 'static,
) -> impl Stream<Item = Result<Vec<u8>, Error>> + 'static
where
    F: Future<Output = Outcome<C>> + 'static,
{
    let begin = Rc::new(move |next| UnderWay::begin(fetch(next)));
    let ahead = first.next.map(|next| begin(next));
    let others = stream::unfold(ahead, move |ahead| {
        let begin = Rc::clone(&begin);
        async move {
            match ahead?.outcome().await {
                Ok(Piece { bytes, next }) => Some((Ok(bytes), next.map(|next| begin(next)))),
                Err(error) => {
                    console_error!("An export ended before its end: {error}");
                    Some((Err(Error::RustError(error.to_string())), None))
                }
            }
        }
    });
    let all = stream::once(ready(Ok(first.bytes))).chain(others);
    // An empty piece is no piece to a stream.
    all.filter(|piece| ready(piece.as_ref().map_or(true, |bytes| !bytes.is_empty())))
}

/// Work that goes on whether or not somebody waits for it.
struct UnderWay<T> {
    done: JsFuture,
    outcome: Rc<RefCell<Option<T>>>,
}

impl<C: 'static> UnderWay<Outcome<C>> {
    fn begin(work: impl Future<Output = Outcome<C>> + 'static) -> Self {
        let outcome = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&outcome);
        let done = future_to_promise(async move {
            slot.replace(Some(work.await));
            Ok(JsValue::UNDEFINED)
        });
        UnderWay { done: JsFuture::from(done), outcome }
    }

    async fn outcome(self) -> Outcome<C> {
        drop(self.done.await);
        let lost = || Err(RestError::Internal("A piece was lost".to_owned()));
        self.outcome.take().unwrap_or_else(lost)
    }
}
