#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory the process can still take without swapping and without being killed.
package enum AvailableMemory {
  /// Bytes, the cgroup's limit respected; nil where the system does not say.
  package static var bytes: Int? {
    #if os(Linux)
      let machine = field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1_024 }
      return [machine, cgroup()].compactMap(\.self).min()
    #else
      return nil
    #endif
  }

  #if os(Linux)
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
