use parcelwire_mapping::{book::{FileKind,RuleFile},describe};
fn main(){
 let mut files=vec![];
 for (k,d) in [(FileKind::SourceConnector,"sources"),(FileKind::DestinationConnector,"destinations")]{
  let mut ps:Vec<_>=std::fs::read_dir(format!("connectors/{d}")).unwrap().map(|e|e.unwrap().path()).collect(); ps.sort();
  for p in ps{files.push(RuleFile{kind:k,name:p.file_stem().unwrap().to_str().unwrap().into(),path:p.display().to_string(),text:std::fs::read_to_string(&p).unwrap()});}
 }
 for page in describe::catalogue(describe::all(&files,|_|true)){std::fs::write(format!("docs/connectors/{}",page.file),page.text).unwrap();}
}
