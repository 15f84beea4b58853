#if canImport(Darwin)
  import Darwin
#endif

/// The memory of this process as the operating system counts it, in bytes.
package enum ProcessMemory {
  /// What it has now: its own pages, and pages of mapped files that it has touched.
  package static var resident: Int {
    #if os(Linux)
      return field("VmRSS:")
    #else
      var info = mach_task_basic_info()
      var count = mach_msg_type_number_t(
        MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size)
      let status = withUnsafeMutablePointer(to: &info) {
        $0.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
          task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
        }
      }
      return status == KERN_SUCCESS ? Int(info.resident_size) : 0
    #endif
  }

  /// What it has now that nothing can evict: its own pages, without those of mapped files.
  package static var anonymous: Int {
    #if os(Linux)
      return field("RssAnon:")
    #else
      return resident
    #endif
  }

  #if os(Linux)
    /// Its address space, which `ulimit -v` limits: also what was never touched.
    package static var virtual: Int { field("VmSize:") }
  #endif

  /// The most that it has had so far.
  package static var peak: Int {
    #if os(Linux)
      // Not getrusage: its figure survives exec, so it could be the peak of the program that
      // started us.
      return field("VmHWM:")
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss)
    #endif
  }

  #if os(Linux)
    private static func field(_ key: String) -> Int {
      let lines = SystemFile.text("/proc/self/status")?.split(separator: "\n") ?? []
      let digits = lines.first { $0.hasPrefix(key) }?.filter(\.isNumber) ?? ""
      return (Int(digits) ?? 0) * 1_024
    }
  #endif
}
