//! A small mail server: plain, with STARTTLS, or with TLS from the start; it asks for a login.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::harness::until;

pub(crate) const USER: &str = "relay";
pub(crate) const PASSWORD: &str = "password-of-the-mail-server";

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guarded {
    Not,
    StartTls,
    Tls,
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Taken {
    pub(crate) fn header(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let line = self.text.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_default().to_owned()
    }

    /// What it says, decoded.
    pub(crate) fn body(&self) -> String {
        let (head, body) = self.text.split_once("\n\n").unwrap_or_default();
        if head.contains("Content-Transfer-Encoding: base64") {
            let whole: String = body.split_whitespace().collect();
            let bytes = STANDARD.decode(whole).expect("base64");
            return String::from_utf8(bytes).expect("UTF-8");
        }
        if !head.contains("Content-Transfer-Encoding: quoted-printable") {
            return body.to_owned();
        }
        let mut bytes = Vec::new();
        let text = body.replace("=\n", "");
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'=' {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("two digits"));
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    }
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    guarded: Guarded,
    tls: Option<Arc<ServerConfig>>,
    taken: Mutex<Vec<Taken>>,
    /// So many recipients are put off.
    busy: AtomicU32,
}

/// A certificate for `localhost` in `server.pem`, by an authority in `ca.pem`.
pub(crate) fn certificates(directory: &Path) {
    let openssl = |arguments: &str| {
        let mut program = Command::new("openssl");
        program.args(arguments.split_whitespace()).current_dir(directory);
        let ran = program.output().expect("openssl is there");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    std::fs::write(directory.join("names"), "subjectAltName=DNS:localhost").expect("it is written");
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    );
}

impl MailServer {
    /// Starts one. Its certificates are in `directory`.
    pub(crate) fn start(guarded: Guarded, directory: &Path) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let tls = (guarded != Guarded::Not).then(|| Arc::new(tls(directory)));
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("it listens").port();
        let shared = Shared { guarded, tls, taken: Mutex::default(), busy: AtomicU32::new(0) };
        let shared = Arc::new(shared);
        let serving = Arc::clone(&shared);
        drop(std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A connection that breaks off is the client's to explain.
                drop(std::thread::spawn(move || shared.serve(stream)));
            }
        }));
        Self { port, shared }
    }

    /// Puts off the next so many recipients.
    pub(crate) fn be_busy(&self, times: u32) {
        self.shared.busy.store(times, Ordering::Release);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for so many mails.
    pub(crate) async fn has(&self, count: usize) -> Vec<Taken> {
        until("mails", async || self.taken(), |taken| taken.len() >= count).await
    }
}

fn tls(directory: &Path) -> ServerConfig {
    let file = |name: &str| directory.join(name);
    let chain = CertificateDer::from_pem_file(file("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    config.with_single_cert(vec![chain], key).expect("they fit")
}

/// One line, without its end; nothing when the client is gone.
fn line(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    loop {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        match byte[0] {
            b'\n' => return String::from_utf8(bytes).ok(),
            b'\r' => {}
            other => bytes.push(other),
        }
    }
}

fn say(stream: &mut impl Write, text: &str) -> Option<()> {
    stream.write_all(text.replace('\n', "\r\n").as_bytes()).ok()?;
    stream.flush().ok()
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let begin = |tls: &Arc<ServerConfig>| ServerConnection::new(Arc::clone(tls)).ok();
        match (self.guarded, &self.tls) {
            (Guarded::Tls, Some(tls)) => {
                let mut stream = StreamOwned::new(begin(tls)?, stream);
                say(&mut stream, "220 here\n")?;
                self.talk(&mut stream, true)
            }
            (Guarded::StartTls, Some(tls)) => {
                say(&mut stream, "220 here\n")?;
                self.talk(&mut stream, false)?;
                let mut stream = StreamOwned::new(begin(tls)?, stream);
                self.talk(&mut stream, true)
            }
            _ => {
                say(&mut stream, "220 here\n")?;
                self.talk(&mut stream, true)
            }
        }
    }

    /// Talks until the client leaves, or, where that is still to come, begins with TLS.
    fn talk(&self, stream: &mut (impl Read + Write), is_whole: bool) -> Option<()> {
        let (mut to, mut known) = (String::new(), false);
        loop {
            let told = line(stream)?;
            let word = told.split(' ').next().unwrap_or_default().to_uppercase();
            match word.as_str() {
                "EHLO" if is_whole => say(stream, "250-localhost\n250 AUTH PLAIN LOGIN\n")?,
                "EHLO" => say(stream, "250-localhost\n250 STARTTLS\n")?,
                "STARTTLS" if !is_whole => return say(stream, "220 go on\n"),
                _ if !is_whole => say(stream, "530 say STARTTLS first\n")?,
                "AUTH" => {
                    let given = told.split(' ').nth(2).unwrap_or_default();
                    let wanted = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
                    known = given == wanted;
                    say(
                        stream,
                        if known { "235 welcome\n" } else { "535 wrong login of relay\n" },
                    )?;
                }
                "MAIL" if !known => say(stream, "530 who are you\n")?,
                "RCPT" if self.is_busy() => say(stream, "451 <somebody> is busy\n")?,
                "RCPT" => {
                    to = told.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    say(stream, "250 fine\n")?;
                }
                "DATA" => {
                    say(stream, "354 tell\n")?;
                    let mut text = String::new();
                    loop {
                        let part = line(stream)?;
                        if part == "." {
                            break;
                        }
                        text.push_str(part.strip_prefix('.').unwrap_or(&part));
                        text.push('\n');
                    }
                    let taken = Taken { to: to.clone(), text };
                    self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
                    say(stream, "250 taken\n")?;
                }
                "QUIT" => return say(stream, "221 bye\n"),
                _ => say(stream, "250 fine\n")?,
            }
        }
    }

    fn is_busy(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.busy.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok()
    }
}
