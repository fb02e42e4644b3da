//! The rows of a file: CSV with a header (commas, semicolons or tabs), or JSON lines.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::Path,
};

use parcelwire_mapping::{import::column, json::Doc};
use serde_json::{Map, Value, json};

use super::{Failure, Wrong};

/// Longest line of JSON lines.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

type Text = BufReader<Box<dyn std::io::Read>>;

/// A row, and where it stands.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: Value,
    /// Where each field stands in the line.
    columns: Vec<(String, usize)>,
}

impl Row {
    /// Where a field stands: in CSV the number of its column, in JSON that of the first letter.
    pub(super) fn column(&self, field: &str) -> Option<usize> {
        self.columns.iter().find(|(name, _)| name == field).map(|(_, at)| *at)
    }
}

/// Reads rows one after the other, however many there are.
pub(super) enum Rows {
    Csv { reader: csv::Reader<Text>, header: Vec<String> },
    Json { reader: Text, line: u64 },
}

impl Rows {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::Usage(format!("{} cannot be read: {error}", path.display()))
        };
        let bytes: Box<dyn std::io::Read> = if path == Path::new("-") {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(path).map_err(unreadable)?)
        };
        let mut reader = BufReader::new(bytes);
        // Spreadsheets like to put a mark in front.
        if reader.fill_buf().map_err(unreadable)?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        let first = reader.fill_buf().map_err(unreadable)?;
        if first.trim_ascii_start().starts_with(b"{") {
            return Ok(Self::Json { reader, line: 0 });
        }
        let delimiter = delimiter(first);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            // What stands before it at the end of a line is trimmed, and lines are counted rightly.
            .terminator(csv::Terminator::Any(b'\n'))
            .trim(csv::Trim::All)
            .from_reader(reader);
        let header = reader.headers().map_err(|error| {
            Failure::Wrong(format!("{}: the header cannot be read: {error}", path.display()))
        })?;
        let header = header.iter().map(str::to_owned).collect();
        Ok(Self::Csv { reader, header })
    }

    /// What is wrong with the header.
    pub(super) fn wrong_columns(&self) -> Vec<Wrong> {
        let Self::Csv { header, .. } = self else { return Vec::new() };
        let mut wrong = Vec::new();
        let mut tell = |at: usize, name: &str, message: String, hint: String| {
            let field = name.to_owned();
            wrong.push(Wrong { line: 1, column: Some(at + 1), field, message, hint });
        };
        for (at, name) in header.iter().enumerate() {
            match column(name) {
                Err(fault) => tell(at, name, fault.message, fault.hint),
                Ok(()) if header[..at].contains(name) => {
                    let hint = "keep one of them".to_owned();
                    tell(at, name, format!("`{name}` is there twice"), hint);
                }
                Ok(()) => {}
            }
        }
        if header.iter().all(String::is_empty) {
            let hint = "the first line names the columns: `parcelwire import --columns`".to_owned();
            tell(0, "", "the file has no header".to_owned(), hint);
        }
        wrong
    }

    /// The next rows, from a line on. What cannot be read goes to `wrong`.
    pub(super) fn batch(
        &mut self,
        from: u64,
        most: usize,
        most_bytes: usize,
        wrong: &mut Vec<Wrong>,
    ) -> Result<Vec<Row>, Failure> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < most && bytes < most_bytes {
            let Some((row, length)) = self.next(wrong)? else { break };
            if row.line >= from {
                bytes += length;
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// The next row that can be read, and its length.
    fn next(&mut self, wrong: &mut Vec<Wrong>) -> Result<Option<(Row, usize)>, Failure> {
        loop {
            let (line, read) = match self {
                Self::Csv { reader, header } => match csv_row(reader, header)? {
                    Some(read) => read,
                    None => return Ok(None),
                },
                Self::Json { reader, line } => {
                    let Some(text) = text_line(reader)? else { return Ok(None) };
                    *line += 1;
                    if text.trim_ascii().is_empty() {
                        continue;
                    }
                    (*line, json_row(*line, &text))
                }
            };
            match read {
                Ok(row) => return Ok(Some(row)),
                Err((message, hint)) => {
                    let (column, field) = (None, String::new());
                    wrong.push(Wrong { line, column, field, message, hint });
                }
            }
        }
    }
}

type ReadRow = (u64, Result<(Row, usize), (String, String)>);

fn csv_row(reader: &mut csv::Reader<Text>, header: &[String]) -> Result<Option<ReadRow>, Failure> {
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(None),
            // An empty line is none.
            Ok(true) if record.iter().all(str::is_empty) => {}
            Ok(true) => break,
            Err(error) if error.is_io_error() => return Err(broken(&error)),
            Err(error) => {
                let at = error.position().unwrap_or_else(|| reader.position()).line();
                let hint = "save the file as UTF-8".to_owned();
                return Ok(Some((at, Err((format!("the row cannot be read: {error}"), hint)))));
            }
        }
    }
    let at = record.position().unwrap_or_else(|| reader.position()).line();
    if record.len() != header.len() {
        let message = format!("the row has {} cells, the header {}", record.len(), header.len());
        let hint = "put cells that hold the separator in quotes".to_owned();
        return Ok(Some((at, Err((message, hint)))));
    }
    let (mut fields, mut columns, mut bytes) = (Map::new(), Vec::new(), 0);
    for (place, (name, cell)) in header.iter().zip(&record).enumerate() {
        columns.push((name.clone(), place + 1));
        if !cell.is_empty() {
            bytes += name.len() + cell.len();
            fields.insert(name.clone(), json!(cell));
        }
    }
    Ok(Some((at, Ok((Row { line: at, fields: Value::Object(fields), columns }, bytes)))))
}

fn text_line(reader: &mut Text) -> Result<Option<Vec<u8>>, Failure> {
    let mut line = Vec::new();
    let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
    let read = read.map_err(|error| broken(&error))?;
    if read as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
        let text = format!("a line is longer than {MAX_LINE_BYTES} bytes");
        return Err(Failure::Wrong(format!("{text} (hint: one row stands in each line)")));
    }
    Ok((read > 0).then_some(line))
}

/// A row of JSON lines. Numbers go as the texts they are: ids may be longer than any number is.
fn json_row(line: u64, text: &[u8]) -> Result<(Row, usize), (String, String)> {
    let form = || r##"one map in each line, as in {"order_number":"#1001"}"##.to_owned();
    let doc = Doc::parse(text).map_err(|why| (why.to_string(), form()))?;
    let value = doc.root().to_value().filter(|value| value.as_map().is_some());
    let value = value.ok_or_else(|| ("the line is no map".to_owned(), form()))?;
    let whole = String::from_utf8_lossy(text);
    let mut fields = Map::new();
    let mut columns = Vec::new();
    for (name, value) in value.as_map().into_iter().flat_map(|map| map.iter()) {
        if let Some(at) = whole.find(&format!("\"{name}\"")) {
            columns.push((name.to_owned(), at + 1));
        }
        let plain = match value.as_id() {
            Some(text) => json!(text),
            None => serde_json::from_str(&value.to_json()).unwrap_or_default(),
        };
        fields.insert(name.to_owned(), plain);
    }
    Ok((Row { line, fields: Value::Object(fields), columns }, text.len()))
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::Usage(format!("the file cannot be read on: {error}"))
}

/// What stands between the names of the header.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| header.iter().filter(|b| **b == wanted).count();
    [b';', b'\t']
        .into_iter()
        .fold(b',', |best, one| if count(one) > count(best) { one } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> (Rows, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("rows");
        std::fs::write(&path, text).expect("it is written");
        (Rows::open(&path).expect("it opens"), directory)
    }

    fn all(text: &str) -> (Vec<(u64, String)>, Vec<String>) {
        let (mut rows, _directory) = rows(text);
        let mut wrong = rows.wrong_columns();
        let batch = rows.batch(0, 100, 1000, &mut wrong).expect("it is read");
        let told = wrong.iter().map(|wrong| wrong.text("f")).collect();
        (batch.into_iter().map(|row| (row.line, row.fields.to_string())).collect(), told)
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        let one = r##"{"order_number":"#1","status":"delivered"}"##;
        for text in [
            "order_number,status,email\n#1,delivered,\n",
            "\u{feff}order_number;status;email\r\n\"#1\"; delivered ;\r\n\r\n",
            "order_number\tstatus\n#1\tdelivered",
        ] {
            let (rows, wrong) = all(text);
            assert_eq!((rows, wrong), (vec![(2, one.to_owned())], Vec::new()), "{text}");
        }
    }

    #[test]
    fn a_row_is_known_by_its_line_although_cells_hold_more_than_one() {
        let (rows, _) = all("order_number,first_name\n1,\"Kim\nLou\"\n2,Max\n");
        assert_eq!(rows.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn lines_of_json_keep_long_numbers() {
        let (rows, wrong) = all("{\"order_id\":12345678901234567890123}\n\n[1]\n{\n");
        assert_eq!(rows, [(1, r#"{"order_id":"12345678901234567890123"}"#.to_owned())]);
        assert_eq!(wrong.len(), 2);
        assert!(wrong[0].starts_with("f:3: ") && wrong[1].starts_with("f:4: "), "{wrong:?}");
    }

    #[test]
    fn all_that_is_wrong_with_a_header_is_told_at_once() {
        let (_, wrong) = all("ordernumber,status,status,phase\n");
        assert_eq!(
            wrong,
            [
                "f:1:1: there is no field `ordernumber` (hint: did you mean `order_number`?)",
                "f:1:3: `status` is there twice (hint: keep one of them)",
                "f:1:4: `phase` is made by the relay, not imported (hint: leave the column out)",
            ]
        );
        assert!(all("").1[0].contains("no header"));
    }

    #[test]
    fn a_row_of_another_width_is_left_out() {
        let (rows, wrong) = all("order_number,status\n1\n2,delivered\n");
        assert_eq!(rows.len(), 1);
        let told = "f:2: the row has 1 cells, the header 2 (hint: put cells that hold the separator in quotes)";
        assert_eq!(wrong, [told]);
    }

    #[test]
    fn batches_are_bounded_and_may_begin_further_down() {
        let (mut rows, _directory) = rows("order_number\n1\n2\n3\n4\n");
        let mut wrong = Vec::new();
        let first = rows.batch(3, 2, 1000, &mut wrong).expect("it is read");
        assert_eq!(first.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(rows.batch(3, 2, 1000, &mut wrong).expect("it is read").len(), 1);
    }
}
