import CBLAS
import CIntrinsics
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system's BLAS, opened at first use, running on the calling thread only.
///
/// It multiplies float matrices that are large enough to pay for packing. It is told to use one
/// thread. Two pools on the same cores would fight, and with one thread a product's bits do not depend
/// on the number of our threads. A library does not change variables of its process; a program may set
/// `environment` at its start, before it makes threads.
package struct BLAS: Sendable {
  /// The BLAS of this process, or nil where none is installed (portable kernels then do its work).
  package static let system: BLAS? = open()

  /// What runs, for people to read: the library, and the processor that its kernels are made for.
  package let name: String

  private let sgemm: janus_sgemm_function

  /// `c[m, n] = scale · a[m, k] · b` (added to what `c` holds when `adding`), with `b` as `[n, k]` when `bTransposed`, else `[k, n]`; all
  /// row-major with the given strides between rows.
  func multiply(
    m: Int, n: Int, k: Int, scale: Float = 1, adding: Bool = false,
    _ a: UnsafePointer<Float>, stride aStride: Int,
    _ b: UnsafePointer<Float>, stride bStride: Int, bTransposed: Bool,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
    sgemm(
      rowMajor, plain, bTransposed ? transposed : plain, Int32(m), Int32(n), Int32(k), scale,
      a, Int32(aStride), b, Int32(bStride), adding ? 1 : 0, c, Int32(cStride))
  }

  /// Bytes that OpenBLAS takes once `threads` threads multiply: what opening it touches, and the
  /// packed operands of each thread.
  package static func byteCount(threads: Int) -> Int { (6 << 20) + threads * (3 << 20) }

  /// Address space of OpenBLAS' scratch for one thread, of which it touches little (its `BUFFER_SIZE`, and what malloc
  /// puts around it).
  private static let scratchPerThread = 129 << 20

  /// Throws where the process may not take the address space that products on so many threads need, and `others` bytes.
  static func checkRoom(threads: Int, beside others: Int = 0) throws(MemoryError) {
    let byteCount = threads * scratchPerThread + others
    let flags = MAP_PRIVATE | MAP_ANON
    guard let base = mmap(nil, byteCount, PROT_NONE, flags, -1, 0), base != MAP_FAILED else {
      throw MemoryError(byteCount: byteCount)
    }
    munmap(base, byteCount)
  }

  /// Multiplies once on every thread of the pool, so that OpenBLAS' scratch has pages also where
  /// small products do not write.
  ///
  /// Its AVX2 kernels prefetch memory after the rows that they have packed. If there is no page,
  /// each prefetch searches the page tables in vain. Under a hypervisor that takes longer than a
  /// multiplication: on Zen 1, products of 256 columns ran at a quarter of their speed. (Products
  /// wider than a kernel takes at once, 768, fill the scratch.) Each thread needs scratch of its
  /// own. It gets that by multiplying while the others do.
  func touchScratch(_ pool: WorkerPool) {
    let (rows, columns, depth) = (128, 1024, 128)
    let begun = Atomic(0)
    let zeros = FloatBuffer()
    guard let operand = try? zeros.matrix(columns, depth) else { return }
    operand.base.update(repeating: 0, count: columns * depth)
    pool.run(pool.threadCount) { _, _ in
      let results = FloatBuffer()
      guard let out = try? results.matrix(rows, columns) else { return }
      begun.add(1, ordering: .relaxed)
      let watch = Stopwatch()
      while begun.load(ordering: .relaxed) < pool.threadCount && watch.seconds < 0.002 {}
      multiply(
        m: rows, n: columns, k: depth, operand.base, stride: depth, operand.base, stride: depth,
        bTransposed: true, into: out.base, stride: columns)
    }
  }

  /// Variables that OpenBLAS and Accelerate read when they are loaded, for a program to set at its start. OpenBLAS
  /// then makes no threads, which it ends the process for where it cannot, and takes the best kernels.
  package static var environment: [(name: String, value: String)] {
    #if canImport(Darwin)
      return getenv("VECLIB_MAXIMUM_THREADS") == nil ? [("VECLIB_MAXIMUM_THREADS", "1")] : []
    #else
      return [("OPENBLAS_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1")] + coreType
    #endif
  }

  private static func open() -> BLAS? {
    #if canImport(Darwin)
      let names = ["/System/Library/Frameworks/Accelerate.framework/Accelerate"]
    #else
      let names = ["libopenblas.so.0", "libopenblas.so"]
    #endif
    for name in names {
      guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL),
        let sgemm = dlsym(library, "cblas_sgemm")
      else { continue }
      if let symbol = dlsym(library, "openblas_set_num_threads") {
        unsafeBitCast(symbol, to: janus_set_threads_function.self)(1)
      }
      var title = name.hasSuffix("Accelerate") ? "Accelerate" : "OpenBLAS"
      if let symbol = dlsym(library, "openblas_get_corename"),
        let core = unsafeBitCast(symbol, to: janus_text_function.self)()
      {
        title += " (\(String(cString: core)))"
      }
      return BLAS(name: title, sgemm: unsafeBitCast(sgemm, to: janus_sgemm_function.self))
    }
    return nil
  }

  /// Older OpenBLAS releases do not know recent AMD processors and fall back to AVX2 kernels; those
  /// with AVX-512 run its SkylakeX kernels nearly twice as fast. A value that the user has set is
  /// kept.
  private static var coreType: [(name: String, value: String)] {
    let isChosen = getenv("OPENBLAS_CORETYPE") != nil
    guard !isChosen, InstructionSet.available.contains(.avx512), isAMD else { return [] }
    return [("OPENBLAS_CORETYPE", "SkylakeX")]
  }

  private static var isAMD: Bool {
    #if arch(x86_64)
      var (a, b, c, d): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      // "Auth" "enti" "cAMD"
      return __get_cpuid(0, &a, &b, &c, &d) != 0 && b == 0x6874_7541 && d == 0x6974_6e65
        && c == 0x444d_4163
    #else
      return false
    #endif
  }
}
