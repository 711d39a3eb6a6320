//! Faults from below the program: a transaction that ends by itself, a disk that is full or fails, a closed folder, a lock that another
//! holds, a write in between.

mod batches;
mod folders;
mod full_disk;
mod health;
mod moments;
