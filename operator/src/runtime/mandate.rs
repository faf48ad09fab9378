//! The right to change objects. It comes in terms, and ends by itself unless it is extended in time: a process that was stopped
//! for a while has lost it by the time it goes on, before anybody could tell it so.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::Stream;
use futures::stream::unfold;
use kube::Client;
use kube::client::Body;
use thiserror::Error;
use tokio::sync::watch;
use tower::BoxError;

/// As good as forever.
const AGES: Duration = Duration::from_secs(u32::MAX as u64);

/// A request that was not sent, or whose answer is not waited for.
#[derive(Debug, Error)]
#[error("another replica leads, or may lead by now")]
struct Refused;

/// One stretch of time in which this process may change objects, or the time before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    number: u64,
    lasts: bool,
}

/// The right of this process to change objects.
#[derive(Clone, Debug)]
pub struct Mandate {
    until: Arc<Mutex<Option<Instant>>>,
    term: watch::Sender<Term>,
}

impl Mandate {
    /// Without an end, for a process that shares its work with no other.
    pub fn unlimited() -> Self {
        let until = Arc::new(Mutex::new(Some(Instant::now() + AGES)));
        Self { until, term: watch::Sender::new(Term { number: 1, lasts: true }) }
    }

    /// Not given yet.
    pub fn pending() -> Self {
        Self { until: Arc::default(), term: watch::Sender::new(Term { number: 0, lasts: false }) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of it is left.
    pub fn left(&self) -> Duration {
        self.lock().map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// The number of the current or last term.
    pub fn number(&self) -> u64 {
        self.term.borrow().number
    }

    /// Whether objects may be changed at this moment.
    pub fn is_valid(&self) -> bool {
        !self.left().is_zero()
    }

    /// Lets it last until then. If it was not valid any more, this begins a new term.
    pub(super) fn extend(&self, until: Instant) {
        let mut held = self.lock();
        let now = Instant::now();
        let had = held.is_some_and(|before| before > now);
        *held = Some(until);
        self.term.send_if_modified(|term| {
            let (number, lasts) = (term.number + u64::from(!had), until > now);
            std::mem::replace(term, Term { number, lasts }) != *term
        });
    }

    /// Ends it at once.
    pub(super) fn end(&self) {
        *self.lock() = None;
        self.term.send_if_modified(|term| std::mem::replace(&mut term.lasts, false));
    }

    /// Yields whenever a term has begun after this call.
    pub(super) fn terms(&self) -> impl Stream<Item = ()> + Send + 'static {
        unfold(self.term.subscribe(), async |mut term| {
            loop {
                term.changed().await.ok()?;
                if term.borrow_and_update().lasts {
                    return Some(((), term));
                }
            }
        })
    }

    /// Runs what may change objects, unless it may not, and not longer than until the end of the term. Whatever is left out or
    /// cut off has its time when the next term begins.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut term = self.term.subscribe();
        let begun = *term.borrow_and_update();
        if !begun.lasts || !self.is_valid() {
            return None;
        }
        tokio::select! {
            biased;
            _ = term.wait_for(|now| *now != begun) => None,
            done = work => Some(done),
        }
    }
}

/// The same client, but every request that may change something is refused without a valid mandate. That is looked at whenever
/// something is done for the request: before it is sent, before it is sent again, when a connection for it is there.
pub(super) fn guarded(client: Client, mandate: Mandate) -> Client {
    let (namespace, valid_until) = (client.default_namespace().to_owned(), *client.valid_until());
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (client, mandate) = (client.clone(), mandate.clone());
        async move {
            let reads = request.method().is_safe();
            let mut answer = pin!(client.send(request));
            poll_fn(|cx| match reads || mandate.is_valid() {
                true => answer.as_mut().poll(cx).map_err(BoxError::from),
                false => Poll::Ready(Err(Refused.into())),
            })
            .await
        }
    });
    Client::new(service, namespace).with_valid_until(valid_until)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};
    use http::{Request, Response};
    use tower_test::mock;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_mandate_that_ran_out_begins_a_new_term_when_it_is_extended() {
        let mandate = Mandate::pending();
        let mut terms = pin!(mandate.terms());
        assert!(!mandate.is_valid() && terms.next().now_or_never().is_none());
        mandate.extend(soon());
        assert!(mandate.is_valid() && terms.next().now_or_never().is_some());
        mandate.extend(soon());
        assert!(terms.next().now_or_never().is_none(), "an extension in time begins no term");
        mandate.extend(Instant::now());
        assert!(!mandate.is_valid() && terms.next().now_or_never().is_none());
        mandate.extend(soon());
        assert!(terms.next().now_or_never().is_some());
        mandate.end();
        assert!(!mandate.is_valid() && terms.next().now_or_never().is_none());
        mandate.extend(soon());
        assert!(terms.next().now_or_never().is_some());
    }

    #[test]
    fn an_unlimited_mandate_begins_no_term() {
        let mandate = Mandate::unlimited();
        assert!(mandate.is_valid() && pin!(mandate.terms()).next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn work_is_cut_off_when_the_term_ends_even_if_the_next_one_begins() {
        let mandate = Mandate::pending();
        assert_eq!(mandate.during(async { 1 }).await, None);
        mandate.extend(soon());
        assert_eq!(mandate.during(async { 1 }).await, Some(1));
        let mut work = pin!(mandate.during(std::future::pending::<()>()));
        assert!(work.as_mut().now_or_never().is_none());
        mandate.end();
        mandate.extend(soon());
        assert_eq!(work.await, None);
    }

    fn request(method: &str) -> Request<Body> {
        Request::builder().method(method).uri("/").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn without_a_mandate_reads_are_sent_and_writes_are_not() {
        let (service, mut server) = mock::pair::<Request<Body>, Response<Body>>();
        let mandate = Mandate::pending();
        let client = guarded(Client::new(service, "n"), mandate.clone());
        tokio::spawn(async move {
            while let Some((_, send)) = server.next_request().await {
                send.send_response(Response::new(Body::empty()));
            }
        });
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let refused = client.send(request(method)).await.unwrap_err();
            assert!(refused.to_string().contains("another replica leads"), "{method}: {refused}");
        }
        client.send(request("GET")).await.unwrap();
        mandate.extend(soon());
        client.send(request("PATCH")).await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_waits_is_given_up_when_the_mandate_ends() {
        let (service, mut server) = mock::pair::<Request<Body>, Response<Body>>();
        let mandate = Mandate::pending();
        mandate.extend(soon());
        let client = guarded(Client::new(service, "n"), mandate.clone());
        let sent = tokio::spawn(async move { client.send(request("PATCH")).await });
        let (_, send) = server.next_request().await.unwrap();
        mandate.end();
        send.send_response(Response::new(Body::empty()));
        assert!(sent.await.unwrap().is_err());
    }
}
