#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory the process can still take without swapping, without being killed and without a refusal.
package enum AvailableMemory {
  /// Bytes; the limits of cgroups and of the process (`ulimit -v`, `ulimit -d`) are respected. Nil where the
  /// system does not say.
  package static var bytes: Int? {
    #if os(Linux)
      let machine = field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1_024 }
      return [machine, cgroup(), processLimit()].compactMap(\.self).min()
    #else
      return nil
    #endif
  }

  /// What arrays, strings and objects take that nobody counts.
  private static let uncounted = 8 << 20
  /// From here on it is worth to look how much there is, which takes as long as reading a small picture.
  private static let worthLooking = 16 << 20

  /// Throws where the system would refuse so many bytes more. To be called before work whose memory is
  /// Swift's: its arrays and strings end the process where memory is refused.
  ///
  /// - Parameter byteCount: what can be counted; a little beside is always looked for.
  package static func check(_ byteCount: Int = 0) throws(MemoryError) {
    if byteCount >= worthLooking, let bytes, byteCount > bytes {
      throw MemoryError(byteCount: byteCount)
    }
    let (sum, overflows) = byteCount.addingReportingOverflow(uncounted)
    guard !overflows, PageMemory.isGiven(sum) else { throw MemoryError(byteCount: sum) }
  }

  #if os(Linux)
    /// What the limits of this process leave: of its address space, in which mapped files count, too, and of its
    /// data.
    private static func processLimit() -> Int? {
      #if canImport(Musl)
        let limits = [(RLIMIT_AS, "VmSize:"), (RLIMIT_DATA, "VmData:")]
      #else
        let limits = [
          (__rlimit_resource_t(RLIMIT_AS.rawValue), "VmSize:"),
          (__rlimit_resource_t(RLIMIT_DATA.rawValue), "VmData:"),
        ]
      #endif
      return limits.compactMap { resource, used -> Int? in
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < Int.max,
          let used = field(used, in: "/proc/self/status")
        else { return nil }
        return max(0, Int(limit.rlim_cur) - used * 1_024)
      }.min()
    }

    /// The smallest room that the process's cgroup, or one above it, leaves.
    private static func cgroup() -> Int? { ControlGroup.all("memory").compactMap(room).min() }

    /// The limit of one cgroup minus what it uses. Pages of files count as free, because they can
    /// be dropped, except for those of files that exist in memory only.
    private static func room(in group: ControlGroup) -> Int? {
      let names =
        switch group.version {
        case .first:
          (
            limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", files: "total_cache ",
            shared: "total_shmem "
          )
        case .second:
          (limit: "memory.max", used: "memory.current", files: "file ", shared: "shmem ")
        }
      guard let limit = SystemFile.text("\(group.folder)/\(names.limit)").flatMap({ Int($0) }),
        let used = SystemFile.text("\(group.folder)/\(names.used)").flatMap({ Int($0) })
      else { return nil }
      let statistics = "\(group.folder)/memory.stat"
      let files = field(names.files, in: statistics) ?? 0
      let shared = field(names.shared, in: statistics) ?? 0
      // Version 1 says "no limit" with a limit near the largest number.
      return limit - max(0, min(limit, used - max(0, files - shared)))
    }

    private static func field(_ key: String, in path: String) -> Int? {
      let line = SystemFile.text(path)?.split(separator: "\n").first { $0.hasPrefix(key) }
      return line.flatMap { Int($0.dropFirst(key.count).filter(\.isNumber)) }
    }
  #endif
}
