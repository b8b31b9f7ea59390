unsafe extern "C" {
    safe fn length_of_sum(a: i32, b: i32) -> i32;
    safe fn product(a: i32, b: i32) -> i32;
}

fn main() {
    println!("{} {}", length_of_sum(95, 7), product(6, 7));
}
