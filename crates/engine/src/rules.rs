//! The rule files in force: one [`Book`] at a time, swapped as a whole.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parcelwire_mapping::book::Book;
use tokio::sync::watch;

/// The current book.
#[derive(Debug)]
pub struct Rules {
    book: ArcSwap<Book>,
    changes: watch::Sender<u64>,
}

impl Rules {
    /// Begins with this book.
    pub fn new(book: Book) -> Self {
        Self { book: ArcSwap::from_pointee(book), changes: watch::Sender::new(0) }
    }

    /// The book in force. Hold it for one step, not longer.
    pub fn book(&self) -> Arc<Book> {
        self.book.load_full()
    }

    /// Puts another book in force.
    pub fn swap(&self, book: Book) {
        self.book.store(Arc::new(book));
        self.changes.send_modify(|version| *version += 1);
    }

    /// Hears of every swap.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
