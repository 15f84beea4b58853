#if os(Linux)
  /// A folder of a Linux control group that limits this process: its own group, or one above it,
  /// whose limits hold for all groups below.
  struct ControlGroup: Equatable {
    enum Version { case first, second }

    let version: Version
    let folder: String

    /// The groups that limit what a controller ("cpu", "memory") counts, the process' own first.
    ///
    /// - Parameter text: what /proc/self/cgroup holds: lines of number:controllers:path, without
    ///   controllers in version 2.
    static func all(_ controller: String, in text: String) -> [ControlGroup] {
      text.split(separator: "\n").flatMap { line -> [ControlGroup] in
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return [] }
        let (version, root): (Version, String)
        if fields[1].isEmpty {
          (version, root) = (.second, "/sys/fs/cgroup")
        } else if fields[1].split(separator: ",").contains(Substring(controller)) {
          (version, root) = (.first, "/sys/fs/cgroup/\(controller)")
        } else {
          return []
        }
        let names = fields[2].split(separator: "/").map(String.init)
        return (0...names.count).reversed().map { depth in
          ControlGroup(
            version: version, folder: ([root] + names.prefix(depth)).joined(separator: "/"))
        }
      }
    }

    /// Those of this process.
    static func all(_ controller: String) -> [ControlGroup] {
      all(controller, in: SystemFile.text("/proc/self/cgroup") ?? "")
    }
  }
#endif
