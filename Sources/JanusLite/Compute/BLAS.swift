import CBLAS
import CIntrinsics
import SIMDKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The system's BLAS, opened at first use, running on the calling thread only.
///
/// It multiplies float matrices whose sizes make packing worth while. Its own threads are switched
/// off: two pools on the same cores fight, and with one thread a product's bits do not depend on how
/// many we have.
public struct BLAS: Sendable {
  /// The BLAS of this process, or nil where none is installed (portable kernels then do its work).
  public static let system: BLAS? = open()

  /// What runs, for people: the library and the core type that its kernels are made for.
  public let name: String

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

  private static func open() -> BLAS? {
    #if canImport(Darwin)
      let names = ["/System/Library/Frameworks/Accelerate.framework/Accelerate"]
      setenv("VECLIB_MAXIMUM_THREADS", "1", 0)
    #else
      let names = ["libopenblas.so.0", "libopenblas.so"]
      let chosen = chooseCoreType()
      defer { if chosen { unsetenv("OPENBLAS_CORETYPE") } }
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
  /// with AVX-512 run its SkylakeX kernels nearly twice as fast. A user's own choice stands.
  private static func chooseCoreType() -> Bool {
    guard getenv("OPENBLAS_CORETYPE") == nil, InstructionSet.available.contains(.avx512),
      isAMD
    else { return false }
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1)
    return true
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
