//! The connection: made when it is needed, dropped when it is of no more use. One for all calls, which
//! share it; the next call after a failure makes a new one.

use std::time::Duration;

use futures_util::Stream;
use parcelwire_engine::ports::{LedgerResult, PortError};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    Msg, RedisError, TlsCertificates, TlsMode, Value,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    cluster_routing::{
        MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr,
    },
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::{runtime::Handle, sync::Mutex};

use super::{
    Settings,
    fault::{is_unknown_script, port_error, wants_new_connection},
    keys,
    scripts::Code,
};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// How long an answer may take. The crate's own 500 ms are less than a server needs that saves its data.
const ANSWER: Duration = Duration::from_secs(5);

/// How often a cluster is asked again within one call, as it moves slots.
const CLUSTER_RETRIES: u32 = 3;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// An address cannot be read.
    #[error(
        "`store.url` cannot be used: {why} (hint: redis://HOST:PORT/DATABASE, rediss:// for TLS, redis://USER:PASSWORD@HOST with an ACL user)"
    )]
    Url {
        /// Why; without what stands in the address.
        why: String,
    },
    /// The certificate cannot be read.
    #[error("`store.ca_file` cannot be used (hint: certificates in PEM)")]
    Certificate(#[source] std::io::Error),
}

/// Where connections lead.
enum Target {
    One(Box<Client>),
    Cluster(Box<ClusterClient>),
    // Looking for the master changes what it remembers.
    Sentinel(Box<SentinelClient>),
}

#[derive(Clone)]
enum Live {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Live {
    async fn ask(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// The target and the connection to it.
pub(super) struct Link {
    state: std::sync::Arc<Mutex<State>>,
    /// What serves connections lives here, whoever asks first: a caller's own threads may end before.
    runtime: Handle,
    /// The first address, by itself.
    any: Client,
}

struct State {
    target: Target,
    live: Option<Live>,
    /// Which connection it is: a failure of an earlier one drops no later one.
    number: u64,
}

impl Link {
    pub(super) fn new(settings: &Settings) -> Result<Self, BadSettings> {
        let (target, any) = target(settings)?;
        let state = State { target, live: None, number: 0 };
        let state = std::sync::Arc::new(Mutex::new(state));
        Ok(Self { state, runtime: Handle::current(), any })
    }

    /// Runs a script over one partition's keys, or others that begin with `key`.
    pub(super) async fn run(
        &self,
        code: &Code,
        key: &str,
        arguments: &Arguments,
    ) -> LedgerResult<Value> {
        let mut live = self.live().await?;
        self.run_on(&mut live, code, key, arguments).await
    }

    /// The same, and then waits until so many replicas have what it wrote.
    pub(super) async fn run_replicated(
        &self,
        code: &Code,
        key: &str,
        arguments: &Arguments,
        replicas: u32,
    ) -> LedgerResult<Value> {
        let mut live = self.live().await?;
        let answer = self.run_on(&mut live, code, key, arguments).await?;
        if replicas == 0 {
            return Ok(answer);
        }
        // On the same connection: it is about what this one wrote.
        let mut wait = redis::cmd("WAIT");
        wait.arg(replicas).arg(WAIT.as_millis() as u64);
        let waited = match &mut live.1 {
            Live::One(connection) => wait.query_async(connection).await,
            Live::Cluster(connection) => {
                let route = Route::new(keys::slot(key), SlotAddr::Master);
                let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(route));
                connection.route_command(wait, route).await
            }
        };
        let reached = match waited {
            Ok(Value::Int(reached)) => reached,
            Ok(_) => 0,
            Err(error) => {
                return Err(PortError::Unknown { why: self.failed(live.0, &error).await });
            }
        };
        if reached < i64::from(replicas) {
            let why = format!("{reached} of {replicas} replicas have it so far");
            return Err(PortError::Unknown { why });
        }
        Ok(answer)
    }

    async fn run_on(
        &self,
        live: &mut (u64, Live),
        code: &Code,
        key: &str,
        arguments: &Arguments,
    ) -> LedgerResult<Value> {
        match live.1.ask(&arguments.after(code.short(key))).await {
            Err(error) if is_unknown_script(&error) => {
                let again = live.1.ask(&arguments.after(code.long(key))).await;
                self.told(live.0, again).await
            }
            answer => self.told(live.0, answer).await,
        }
    }

    /// Runs one command.
    pub(super) async fn ask(&self, command: &Cmd) -> LedgerResult<Value> {
        let mut live = self.live().await?;
        let answer = live.1.ask(command).await;
        self.told(live.0, answer).await
    }

    /// Runs one command on every master; the answers of all of them.
    pub(super) async fn ask_all(&self, command: &Cmd) -> LedgerResult<Vec<Value>> {
        let mut live = self.live().await?;
        let Live::Cluster(connection) = &mut live.1 else {
            return Ok(vec![self.ask(command).await?]);
        };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = connection.route_command(command.clone(), all).await;
        let told = self.told(live.0, answers).await?;
        if let Value::Map(answers) = told {
            return Ok(answers.into_iter().map(|(_, answer)| answer).collect());
        }
        Ok(vec![told])
    }

    /// The masters, as they are asked one by one: in a Cluster by their addresses.
    pub(super) async fn nodes(&self) -> LedgerResult<Vec<Option<(String, u16)>>> {
        let mut live = self.live().await?;
        let Live::Cluster(connection) = &mut live.1 else { return Ok(vec![None]) };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answers = connection.route_command(redis::cmd("DBSIZE"), all).await;
        let Value::Map(answers) = self.told(live.0, answers).await? else {
            return Err(PortError::NotApplied { why: "the cluster has no masters".to_owned() });
        };
        let mut nodes = Vec::new();
        for (address, _) in answers {
            let address = super::answer::text(address)?;
            let parts = address.rsplit_once(':');
            let node = parts.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
            nodes.push(Some(node.ok_or_else(|| super::answer::misfit("not an address"))?));
        }
        nodes.sort_unstable();
        Ok(nodes)
    }

    /// Asks one of them.
    pub(super) async fn ask_node(
        &self,
        node: Option<&(String, u16)>,
        command: &Cmd,
    ) -> LedgerResult<Value> {
        let mut live = self.live().await?;
        let (Live::Cluster(connection), Some((host, port))) = (&mut live.1, node) else {
            return self.ask(command).await;
        };
        let one = SingleNodeRoutingInfo::ByAddress { host: host.clone(), port: *port };
        let route = RoutingInfo::SingleNode(one);
        let answer = connection.route_command(command.clone(), route).await;
        self.told(live.0, answer).await
    }

    /// Listens to a channel on a connection of its own. In a Cluster any node tells.
    pub(super) async fn listen(
        &self,
        channel: &str,
    ) -> Result<impl Stream<Item = Msg> + Unpin + use<>, RedisError> {
        let client = {
            let mut state = self.state.lock().await;
            match &mut state.target {
                Target::One(client) => Client::clone(client),
                Target::Cluster(_) => self.any.clone(),
                Target::Sentinel(client) => client.async_get_client().await?,
            }
        };
        let mut pubsub = client.get_async_pubsub().await?;
        pubsub.subscribe(channel).await?;
        Ok(pubsub.into_on_message())
    }

    async fn live(&self) -> LedgerResult<(u64, Live)> {
        let mut state = self.state.lock().await;
        if let Some(live) = &state.live {
            return Ok((state.number, live.clone()));
        }
        drop(state);
        let shared = std::sync::Arc::clone(&self.state);
        let made = self.runtime.spawn(async move {
            let mut state = shared.lock().await;
            if state.live.is_none() {
                let live = connect(&mut state.target).await?;
                state.live = Some(live);
                state.number += 1;
            }
            Ok::<(), RedisError>(())
        });
        let gone = |why: String| PortError::NotApplied { why };
        match made.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(gone(format!("no connection to Redis: {error}"))),
            Err(_) => return Err(gone("connecting to Redis ended in a panic".to_owned())),
        }
        state = self.state.lock().await;
        let live = state.live.clone().ok_or_else(|| gone("the connection broke".to_owned()))?;
        Ok((state.number, live))
    }

    async fn told(&self, number: u64, answer: Result<Value, RedisError>) -> LedgerResult<Value> {
        match answer {
            Ok(value) => Ok(value),
            Err(error) => {
                self.failed(number, &error).await;
                Err(port_error(&error))
            }
        }
    }

    async fn failed(&self, number: u64, error: &RedisError) -> String {
        if wants_new_connection(error) {
            let mut state = self.state.lock().await;
            if state.number == number {
                state.live = None;
            }
        }
        error.to_string()
    }
}

/// How long replicas may take.
const WAIT: Duration = Duration::from_secs(2);

/// Arguments of a script, in the order in which it reads them.
#[derive(Default)]
pub(super) struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    pub(super) fn add(&mut self, value: impl Into<Vec<u8>>) -> &mut Self {
        self.0.push(value.into());
        self
    }

    pub(super) fn number(&mut self, value: impl std::fmt::Display) -> &mut Self {
        self.0.push(value.to_string().into_bytes());
        self
    }

    /// Nothing, or the number.
    pub(super) fn maybe(&mut self, value: Option<i64>) -> &mut Self {
        self.0.push(value.map(|value| value.to_string().into_bytes()).unwrap_or_default());
        self
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How long they are, together.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    fn after(&self, mut command: Cmd) -> Cmd {
        for argument in &self.0 {
            command.arg(&argument[..]);
        }
        command
    }
}

/// An address for people: without what stands before the host, or behind the path.
pub(super) fn shown(url: &str) -> String {
    let one = |url: &str| {
        let url = url.split('?').next().unwrap_or_default().trim();
        match url.split_once("://") {
            Some((scheme, rest)) => {
                format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
            }
            None => url.to_owned(),
        }
    };
    url.split(',').map(one).collect::<Vec<_>>().join(",")
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
}

async fn connect(target: &mut Target) -> Result<Live, RedisError> {
    Ok(match target {
        Target::One(client) => {
            Live::One(client.get_multiplexed_async_connection_with_config(&config()).await?)
        }
        Target::Cluster(client) => Live::Cluster(client.get_async_connection().await?),
        Target::Sentinel(client) => {
            Live::One(client.get_async_connection_with_config(&config()).await?)
        }
    })
}

fn target(settings: &Settings) -> Result<(Target, Client), BadSettings> {
    // Without effect where the process has one already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let bad = |error: RedisError| BadSettings::Url { why: error.to_string() };
    let urls = settings.url.split(',').map(str::trim).filter(|url| !url.is_empty());
    let nodes = urls.map(|url| url.into_connection_info().map_err(bad));
    let nodes = nodes.collect::<Result<Vec<ConnectionInfo>, _>>()?;
    let Some(first) = nodes.first().cloned() else {
        return Err(BadSettings::Url { why: "there is none".to_owned() });
    };
    let root_cert = match &settings.ca_file {
        Some(file) => Some(std::fs::read(file).map_err(BadSettings::Certificate)?),
        None => None,
    };
    let trust = root_cert.map(|root| TlsCertificates { client_tls: None, root_cert: Some(root) });
    let any = match trust.clone() {
        Some(trust) => Client::build_with_tls(first, trust),
        None => Client::open(first),
    };
    let any = any.map_err(bad)?;
    if let Some(master) = &settings.sentinel_master {
        return Ok((sentinel(settings, nodes, master, trust).map_err(bad)?, any));
    }
    if settings.cluster {
        let mut builder = ClusterClientBuilder::new(nodes)
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER)
            .overall_response_timeout(Some(ANSWER + CONNECT))
            .retries(CLUSTER_RETRIES);
        if let Some(trust) = trust {
            builder = builder.certs(trust);
        }
        return Ok((Target::Cluster(Box::new(builder.build().map_err(bad)?)), any));
    }
    if nodes.len() > 1 {
        let why =
            "there are several, and neither `store.cluster` nor `store.sentinel.master` is set";
        return Err(BadSettings::Url { why: why.to_owned() });
    }
    Ok((Target::One(Box::new(any.clone())), any))
}

/// The addresses are those of the sentinels; database, user and password belong to the servers.
fn sentinel(
    settings: &Settings,
    nodes: Vec<ConnectionInfo>,
    master: &str,
    trust: Option<TlsCertificates>,
) -> Result<Target, RedisError> {
    let server = nodes.first().map(|node| node.redis_settings().clone()).unwrap_or_default();
    let is_tls = nodes.iter().any(|node| matches!(node.addr(), ConnectionAddr::TcpTls { .. }));
    let addresses: Vec<ConnectionAddr> = nodes.iter().map(|node| node.addr().clone()).collect();
    let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
        .set_client_to_redis_db(server.db());
    if let Some(user) = server.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = server.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(password) = &settings.sentinel_password {
        builder = builder.set_client_to_sentinel_password(password);
    }
    if is_tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        if let Some(trust) = trust {
            builder = builder
                .set_client_to_sentinel_certificates(trust.clone())
                .set_client_to_redis_certificates(trust);
        }
    }
    Ok(Target::Sentinel(Box::new(builder.build()?)))
}
