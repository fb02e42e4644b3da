//! How lists are looked up: no statement passes over what it does not show.

use rusqlite::Connection;

use crate::embedded::{open as opening, pages};

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    let nothing: [Option<i64>; 7] = [None; 7];
    let count = statement.parameter_count();
    let values = rusqlite::params_from_iter(&nothing[..count]);
    statement.query_map(values, |row| row.get(3)).and_then(Iterator::collect).expect(sql)
}

#[test]
fn lists_look_only_at_what_they_show() {
    let connection = opening::in_memory().expect("it opens");
    for sql in pages::BOUNDED {
        let plan = plan(&connection, sql);
        assert!(!plan.is_empty(), "{sql}");
        for step in &plan {
            assert!(step.starts_with("SEARCH"), "{sql}: {plan:#?}");
        }
    }
}

#[test]
fn lanes_are_looked_up_by_their_order() {
    let connection = opening::in_memory().expect("it opens");
    for sql in [
        "SELECT seq FROM messages WHERE state = 0 AND aggregate = ?1 ORDER BY seq",
        "SELECT 1 FROM messages e WHERE e.state = 0 AND e.aggregate = ?1 AND e.destination = ?2
         AND e.seq < ?3",
        "UPDATE messages SET aggregate = ?2 WHERE aggregate = ?1",
        "SELECT 1 FROM messages m WHERE m.aggregate = ?1 AND m.state = 0",
    ] {
        let plan = plan(&connection, sql);
        assert!(plan[0].contains("messages_lane"), "{sql}: {plan:#?}");
    }
}
