#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

enum Clock {
  /// Seconds since 1970.
  static var seconds: Int { time(nil) }
}
