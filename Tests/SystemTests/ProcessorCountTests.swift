#if os(Linux)
  import Testing

  @testable import JanusSystem

  /// What Linux says of processors and of control groups, as text.
  @Suite struct ProcessorCountTests {
    @Test func theListOfAllowedProcessorsIsReadWithItsRanges() {
      let status = "Name:\tx\nCpus_allowed:\t10f\nCpus_allowed_list:\t0-3,8\nMems_allowed:\t1\n"
      #expect(ProcessorCount.allowedProcessors(status) == [0, 1, 2, 3, 8])
      #expect(ProcessorCount.allowedProcessors("Name:\tx\n") == nil)
    }

    @Test func processorsOfOneCoreCountOnceAndCoresOfTwoClustersTwice() {
      // Cores 0 and 1 of each of two clusters, the first cluster's with two threads each.
      let lists = [0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3", 4: "4", 5: "5"]
      let read = { (path: String) -> String? in
        guard path.hasSuffix("core_cpus_list") else { return path.hasSuffix("core_id") ? "0" : nil }
        return lists.first { path.contains("/cpu\($0.key)/") }?.value
      }
      #expect(ProcessorCount.coreCount(of: [0, 1, 2, 3, 4, 5], read) == 4)
      #expect(ProcessorCount.coreCount(of: [0, 2], read) == 1)
      #expect(ProcessorCount.coreCount(of: [6, 7]) { _ in nil } == 2)
    }

    @Test func aGroupsLimitsAreThoseOfAllAboveIt() {
      let groups = ControlGroup.all("cpu", in: "0::/a.slice/b.service\n")
      #expect(
        groups.map(\.folder) == [
          "/sys/fs/cgroup/a.slice/b.service", "/sys/fs/cgroup/a.slice", "/sys/fs/cgroup",
        ])
      let files = [
        "/sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000",
        "/sys/fs/cgroup/a.slice/cpu.max": "150000 100000",
      ]
      #expect(ProcessorCount.quota(of: groups) { files[$0] } == 2)
      #expect(ProcessorCount.quota(of: groups) { _ in nil } == nil)
    }

    @Test func theFirstVersionsGroupsAreFoundByTheirController() {
      let text = "5:cpuset:/x\n3:cpu,cpuacct:/docker/1\n2:memory:/\n"
      let groups = ControlGroup.all("cpu", in: text)
      #expect(
        groups.map(\.folder) == [
          "/sys/fs/cgroup/cpu/docker/1", "/sys/fs/cgroup/cpu/docker", "/sys/fs/cgroup/cpu",
        ])
      #expect(ControlGroup.all("memory", in: text).map(\.folder) == ["/sys/fs/cgroup/memory"])
      let files = [
        "/sys/fs/cgroup/cpu/docker/cpu.cfs_quota_us": "400000",
        "/sys/fs/cgroup/cpu/docker/cpu.cfs_period_us": "100000",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
      ]
      #expect(ProcessorCount.quota(of: groups) { files[$0] } == 4)
    }
  }
#endif
