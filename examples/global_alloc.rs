// ashlar as the allocator of a Rust program, by the mimalloc interface.
//
//     rustc -O examples/global_alloc.rs -L /usr/local/lib -l ashlar-mimalloc

use std::alloc::{GlobalAlloc, Layout};
use std::collections::HashMap;
use std::ffi::c_void;

extern "C" {
    fn mi_malloc_aligned(size: usize, alignment: usize) -> *mut c_void;
    fn mi_zalloc_aligned(size: usize, alignment: usize) -> *mut c_void;
    fn mi_realloc_aligned(p: *mut c_void, newsize: usize, alignment: usize) -> *mut c_void;
    fn mi_free_size_aligned(p: *mut c_void, size: usize, alignment: usize);
    fn mi_any_heap_contains(p: *const c_void) -> bool;
}

struct Ashlar;

unsafe impl GlobalAlloc for Ashlar {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        mi_malloc_aligned(layout.size(), layout.align()) as *mut u8
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        mi_zalloc_aligned(layout.size(), layout.align()) as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        mi_free_size_aligned(block as *mut c_void, layout.size(), layout.align())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        mi_realloc_aligned(block as *mut c_void, size, layout.align()) as *mut u8
    }
}

#[global_allocator]
static ASHLAR: Ashlar = Ashlar;

#[repr(align(1024))]
struct Wide([u8; 1024]);

fn main() {
    let words: Vec<String> = (0..10_000).map(|i| format!("word {i}")).collect();
    let lengths: HashMap<&str, usize> = words.iter().map(|w| (w.as_str(), w.len())).collect();
    let wide = Box::new(Wide([7; 1024]));
    let thread = std::thread::spawn(|| vec![1u64; 100_000].into_iter().sum::<u64>());
    assert_eq!(thread.join().unwrap(), 100_000);
    assert_eq!(lengths["word 9999"], 9);
    assert_eq!(&*wide as *const Wide as usize % 1024, 0);
    assert_eq!(wide.0[1023], 7);
    assert!(unsafe { mi_any_heap_contains(words[0].as_ptr() as *const c_void) });
    println!("{} words", words.len());
}
