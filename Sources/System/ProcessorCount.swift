#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many processors this process may use.
package enum ProcessorCount {
  /// Physical cores that the process may use, by its affinity and its cgroup's quota. Two hardware
  /// threads of one core count once, because they share its multipliers.
  package static let physicalCores: Int = {
    #if os(Linux)
      let list = SystemFile.text("/proc/self/status").flatMap(allowedProcessors)
      let allowed = list ?? Array(0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
      let groups = ControlGroup.all("cpu")
      return max(
        1, min(coreCount(of: allowed, SystemFile.text), quota(of: groups, SystemFile.text) ?? .max))
    #elseif canImport(Darwin)
      // Performance cores only: a job waits for its slowest thread.
      return sysctl("hw.perflevel0.physicalcpu") ?? sysctl("hw.physicalcpu") ?? 1
    #else
      return 1
    #endif
  }()

  #if os(Linux)
    /// The processors that a process may run on ("0-3,8") by its /proc/…/status.
    static func allowedProcessors(_ status: String) -> [Int]? {
      let key = "Cpus_allowed_list:"
      let line = status.split(separator: "\n").first { $0.hasPrefix(key) }
      let list = (line?.dropFirst(key.count) ?? "").filter { !$0.isWhitespace }
      let processors = list.split(separator: ",").flatMap { range -> [Int] in
        let ends = range.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last, first <= last else { return [] }
        return Array(first...last)
      }
      return processors.isEmpty ? nil : processors
    }

    /// Physical cores that the processors belong to.
    ///
    /// A core is identified by the list of its processors, because core numbers repeat in other
    /// clusters and dies.
    static func coreCount(of processors: [Int], _ read: (_ path: String) -> String?) -> Int {
      let cores = processors.map { processor -> String in
        let folder = "/sys/devices/system/cpu/cpu\(processor)/topology/"
        return read(folder + "core_cpus_list") ?? read(folder + "thread_siblings_list")
          ?? "\(processor)"
      }
      return Set(cores).count
    }

    /// The smallest CPU quota of some groups, rounded up to whole processors; nil where none is
    /// set.
    static func quota(of groups: [ControlGroup], _ read: (_ path: String) -> String?) -> Int? {
      groups.compactMap { group -> Int? in
        // "max" and -1 are no limits.
        let fields: [Int?] =
          switch group.version {
          case .first:
            ["quota", "period"].map { name in
              read("\(group.folder)/cpu.cfs_\(name)_us").flatMap { Int($0) }
            }
          case .second:
            (read("\(group.folder)/cpu.max") ?? "").split(separator: " ").map { Int($0) }
          }
        guard fields.count == 2, let quota = fields[0], let period = fields[1], quota > 0,
          period > 0
        else { return nil }
        return quota / period + (quota % period > 0 ? 1 : 0)
      }.min()
    }
  #endif

  #if canImport(Darwin)
    private static func sysctl(_ name: String) -> Int? {
      var value: Int32 = 0
      var size = MemoryLayout<Int32>.size
      guard sysctlbyname(name, &value, &size, nil, 0) == 0, value > 0 else { return nil }
      return Int(value)
    }
  #endif
}
