//! A file in pieces, as a stream: while a client takes one, the next is already under way.

use std::cell::RefCell;
use std::future::{Future, poll_fn, ready};
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::stream::{self, Stream, StreamExt};
use isolite_protocol::rest::RestError;
use wasm_bindgen_futures::spawn_local;
use worker::{Error, console_error};

pub(crate) struct Piece<C> {
    pub bytes: Vec<u8>,
    /// How the piece after it is asked for; none after the last.
    pub next: Option<C>,
}

type Outcome<C> = Result<Piece<C>, RestError>;

/// `first` and all after it, which `fetch` gets. An error ends the stream, so that the client's
/// download fails.
pub(crate) fn pieces<C: 'static, F>(
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
struct UnderWay<T>(Rc<Slot<T>>);

struct Slot<T> {
    outcome: RefCell<Option<T>>,
    /// Of whoever waits.
    waker: RefCell<Option<Waker>>,
}

impl<T: 'static> UnderWay<T> {
    fn begin(work: impl Future<Output = T> + 'static) -> Self {
        let slot = Rc::new(Slot { outcome: RefCell::new(None), waker: RefCell::new(None) });
        let filled = Rc::clone(&slot);
        spawn_local(async move {
            filled.outcome.replace(Some(work.await));
            if let Some(waker) = filled.waker.take() {
                waker.wake();
            }
        });
        UnderWay(slot)
    }

    async fn outcome(self) -> T {
        poll_fn(|context| match self.0.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.0.waker.replace(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}
