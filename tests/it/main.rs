//! The whole, from outside: real sockets, the real store.
