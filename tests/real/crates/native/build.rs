fn main() {
    cc::Build::new().file("src/length.c").compile("length");
    cc::Build::new()
        .cpp(true)
        .cpp_link_stdlib(None)
        .file("src/product.cpp")
        .compile("product");
}
