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
    /// What one version of cgroups calls its files.
    private struct Hierarchy {
      let root: String
      let limit: String
      let used: String
      /// The line of memory.stat that counts pages of files, which can be dropped.
      let files: String

      static let first = Hierarchy(
        root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes", files: "total_cache ")
      static let second = Hierarchy(
        root: "/sys/fs/cgroup", limit: "memory.max", used: "memory.current", files: "file ")
    }

    /// The least room that the process' cgroup or one above it leaves.
    private static func cgroup() -> Int? {
      var rooms: [Int] = []
      for line in (SystemFile.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
        // number:controllers:path, without controllers in version 2.
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { continue }
        let hierarchy: Hierarchy
        if fields[1].isEmpty {
          hierarchy = .second
        } else if fields[1].split(separator: ",").contains("memory") {
          hierarchy = .first
        } else {
          continue
        }
        var path = fields[2].split(separator: "/")
        repeat {
          let folder = ([hierarchy.root] + path.map(String.init)).joined(separator: "/")
          if let room = room(in: folder, hierarchy) { rooms.append(room) }
        } while path.popLast() != nil
      }
      return rooms.min()
    }

    /// The limit of one cgroup less what it uses.
    private static func room(in folder: String, _ names: Hierarchy) -> Int? {
      guard let limit = SystemFile.text("\(folder)/\(names.limit)").flatMap({ Int($0) }),
        let used = SystemFile.text("\(folder)/\(names.used)").flatMap({ Int($0) })
      else { return nil }
      let files = field(names.files, in: "\(folder)/memory.stat") ?? 0
      return max(0, limit - used + files)
    }

    private static func field(_ key: String, in path: String) -> Int? {
      let line = SystemFile.text(path)?.split(separator: "\n").first { $0.hasPrefix(key) }
      return line.flatMap { Int($0.dropFirst(key.count).filter(\.isNumber)) }
    }
  #endif
}
