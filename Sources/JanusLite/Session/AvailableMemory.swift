#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory the process could still take without anything being swapped out or killed.
public enum AvailableMemory {
  /// Bytes, the cgroup's limit respected; nil where the system does not say.
  public static var bytes: Int? {
    #if os(Linux)
      let machine = field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1_024 }
      return [machine, cgroup()].compactMap(\.self).min()
    #else
      return nil
    #endif
  }

  #if os(Linux)
    /// The cgroup's limit less what it already uses; pages of files can be dropped and do not count.
    private static func cgroup() -> Int? {
      var folder = "/sys/fs/cgroup"
      if let group = SystemFile.text("/proc/self/cgroup") {
        for line in group.split(separator: "\n") where line.hasPrefix("0::") {
          folder += line.dropFirst(3)
        }
      }
      guard let limit = SystemFile.text(folder + "/memory.max").flatMap({ Int($0) }),
        let used = SystemFile.text(folder + "/memory.current").flatMap({ Int($0) })
      else { return nil }
      let files = field("file ", in: folder + "/memory.stat") ?? 0
      return max(0, limit - used + files)
    }

    private static func field(_ key: String, in path: String) -> Int? {
      let line = SystemFile.text(path)?.split(separator: "\n").first { $0.hasPrefix(key) }
      return line.flatMap { Int($0.dropFirst(key.count).filter(\.isNumber)) }
    }
  #endif
}
