use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

fn main() -> serde_json::Result<()> {
    let point: Point = serde_json::from_str(r#"{"y": 2, "x": 1}"#)?;
    println!("{}", serde_json::to_string(&point)?);
    Ok(())
}
