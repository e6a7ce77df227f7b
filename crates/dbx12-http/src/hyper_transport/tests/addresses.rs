//! Addresses of both families.

use super::*;
use hyper_util::client::legacy::connect::dns::Name;
use std::convert::Infallible;
use std::future::ready;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};
use tower_service::Service;

/// A name that has these addresses, whatever it is.
#[derive(Clone)]
struct Addresses(Vec<SocketAddr>);

impl Service<Name> for Addresses {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}

#[tokio::test]
async fn an_address_of_ipv6_is_a_host_like_any_other() {
    // Machines without IPv6 exist.
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else {
        return;
    };
    let peer = Peer::on(listener, |_, mut connection| async move {
        let request = connection.request().await.unwrap();
        let answered = serde_json::json!({ "id": request });
        connection.write(&answer(answered.to_string())).await;
    });
    let command = ExecuteCommand::new("c", "1", "x");
    let request = peer.client().send(&command).await.unwrap().id.as_str().to_owned();
    let host = format!("host: [::1]:{}\r\n", peer.address.port());
    assert!(request.contains(&host), "{request}");
}

#[tokio::test]
async fn a_name_one_of_whose_addresses_refuses_is_reached_by_another() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let open = listener.local_addr().unwrap();
    let refusing = |address: &str| SocketAddr::new(address.parse().unwrap(), open.port());
    for addresses in [
        vec![refusing("::1"), open],
        vec![open, refusing("::1")],
        vec![refusing("127.0.0.2"), open],
        vec![refusing("::1"), refusing("127.0.0.2"), open],
    ] {
        let mut connector = connector::tcp(Addresses(addresses.clone()), Duration::from_secs(5));
        let uri = format!("http://workspace.example:{}/", open.port());
        connector.call(uri.parse().unwrap()).await.unwrap_or_else(|error| {
            panic!("{addresses:?}: {error}");
        });
    }
}
