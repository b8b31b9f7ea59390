include!(concat!(env!("OUT_DIR"), "/name.rs"));

fn main() {
    println!("made by {}", name());
}
