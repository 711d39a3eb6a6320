//! A new folder under `migrations` is compiled in even when no source file changed.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
