//! The workspace's own calls, under `/_local/`, for tests of clients: faults, the journal, reset, health.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::answer::{Refusal, Reply};
use crate::body::Parameters;
use crate::faults::{Fault, FaultRules, JournalEntry, Outcome};
use crate::gateway::Call;
use crate::workspace::Inner;
use dbx12_types::{ClusterId, ContextId};

const PREFIX: &str = "/_local/";

impl Inner {
    /// Carries out a request that was let in: as it is, or as the faults want it.
    pub(crate) async fn serve(&self, request: Request<Bytes>) -> Outcome {
        if let Some(call) = request.uri().path().strip_prefix(PREFIX) {
            let call = call.to_owned();
            let answer = self.administer(&call, &request).await;
            return Outcome::Answer(answer.unwrap_or_else(Refusal::into_response));
        }
        let started = Instant::now();
        let plan = self.faults.plan(request.uri().path());
        let mut entry = entry(&request);
        entry.fault = plan.fault.as_ref().map(Fault::name);
        sleep(plan.delay).await;
        let outcome = self.with_fault(plan.fault, request).await;
        if let Outcome::Answer(response) | Outcome::Reset(Some(response)) = &outcome {
            entry.status = Some(response.status().as_u16());
            entry.id = id_in(&entry, response);
        }
        entry.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.journal.enter(entry);
        outcome
    }

    async fn with_fault(&self, fault: Option<Fault>, request: Request<Bytes>) -> Outcome {
        let Some(fault) = fault else {
            return Outcome::Answer(self.carry_out(request).await);
        };
        if let Some(response) = fault.instead() {
            return Outcome::Answer(response);
        }
        match fault {
            Fault::ResetBefore => Outcome::Reset(None),
            Fault::LostAnswer => {
                self.carry_out(request).await;
                Outcome::Reset(None)
            }
            Fault::CutAnswer => Outcome::Reset(Some(self.carry_out(request).await)),
            _ => {
                self.kill_context(&request).await;
                Outcome::Answer(self.carry_out(request).await)
            }
        }
    }

    async fn carry_out(&self, request: Request<Bytes>) -> Response<Bytes> {
        match Call::of(request.uri().path()) {
            Some(call) => self.gateway.answer(call, request).await,
            None => self.router.call(request).await,
        }
    }

    async fn administer(&self, call: &str, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        match (request.method(), call) {
            (&Method::GET, "health") => {
                let clusters: serde_json::Map<_, _> = self
                    .registry
                    .clusters
                    .iter()
                    .map(|cluster| (cluster.id().to_string(), json!(cluster.info().status)))
                    .collect();
                Ok(answer(json!({"status": "ok", "clusters": clusters})))
            }
            (&Method::GET, "journal") => {
                let (requests, commands) = (self.journal.entries(), self.journal.commands());
                Ok(answer(json!({"requests": requests, "commands": commands})))
            }
            (&Method::GET, "faults") => Ok(answer(json!(self.faults.rules()))),
            (&Method::POST, "faults") => {
                let rules = FaultRules::read(request.body()).map_err(|error| {
                    let message = error.to_string();
                    Refusal::gateway(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
                })?;
                self.faults.set(rules);
                Ok(answer(json!({})))
            }
            (&Method::POST, "reset") => {
                self.reset().await;
                Ok(answer(json!({})))
            }
            _ => Err(Refusal::bad_target(request.uri().path())),
        }
    }

    /// No faults, an empty journal, no contexts.
    pub(crate) async fn reset(&self) {
        self.faults.set(FaultRules::default());
        for cluster in &self.registry.clusters {
            cluster.end_contexts().await;
        }
        self.journal.clear();
    }

    /// Kills the process of the context that a request names, if it names one.
    async fn kill_context(&self, request: &Request<Bytes>) {
        #[derive(Deserialize)]
        struct Named {
            #[serde(rename = "clusterId")]
            cluster: ClusterId,
            #[serde(rename = "contextId")]
            context: ContextId,
        }
        let parameters = if request.method() == Method::GET {
            Parameters::of_query(request.uri().query().unwrap_or_default())
        } else {
            Parameters::of_body(request.headers(), request.body().clone(), self.body_limit).await
        };
        let named = parameters
            .ok()
            .and_then(|parameters| serde_json::from_slice::<Named>(&parameters.json).ok());
        if let Some(Named { cluster, context }) = named
            && let Some(context) = self
                .registry
                .find(&cluster)
                .and_then(|cluster| cluster.context(&context).ok())
        {
            context.kill();
        }
    }
}

fn answer(value: serde_json::Value) -> Response<Bytes> {
    Reply::from(value).into_response()
}

fn entry(request: &Request<Bytes>) -> JournalEntry {
    let user_agent = request.headers().get(http::header::USER_AGENT);
    JournalEntry {
        number: 0,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        body_bytes: request.body().len(),
        user_agent: user_agent.map_or_else(String::new, |name| {
            String::from_utf8_lossy(name.as_bytes()).into_owned()
        }),
        status: None,
        id: None,
        fault: None,
        elapsed_ms: 0,
    }
}

/// What was created or ended, from the short answers that tell it.
fn id_in(entry: &JournalEntry, response: &Response<Bytes>) -> Option<String> {
    #[derive(Deserialize)]
    struct WithId {
        id: String,
    }
    let may_tell = entry.method == "POST" && entry.path.starts_with("/api/1.2/") && response.status() == StatusCode::OK;
    let told = may_tell.then(|| serde_json::from_slice::<WithId>(response.body()).ok())?;
    told.map(|told| told.id)
}
