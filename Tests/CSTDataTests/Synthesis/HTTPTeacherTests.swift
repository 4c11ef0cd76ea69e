import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTData

/// The teacher against a server that fails in every way that servers fail.
@Suite struct HTTPTeacherTests {
  static let canary = "sk-canary-5f0e1d2c"
  private static let deliveries: [HTTPTeacher.Delivery] = [.streamed, .whole]

  private func teacher(
    _ server: StubTeacherServer, delivery: HTTPTeacher.Delivery = .streamed, limits: HTTPLimits = HTTPLimits()
  ) throws -> HTTPTeacher {
    try HTTPTeacher(
      baseURL: server.baseURL, model: "stub", key: APIKey(environmentVariable: "K", in: ["K": Self.canary]),
      concurrency: 8, limits: limits, delivery: delivery)
  }

  private func call(_ text: String = "How do I descale a kettle?", maximumTokens: Int = 64) -> TeacherCall {
    TeacherCall(
      stage: .draft, messages: [.system("Be brief."), .user(text)],
      sampling: Sampling(temperature: 0.7, topP: 0.9, seed: 0xFFFF_FFFF_FFFF_FFFE), maximumTokens: maximumTokens)
  }

  // MARK: Replies

  @Test(arguments: deliveries) func repliesAndCounts(delivery: HTTPTeacher.Delivery) async throws {
    let server = StubTeacherServer()
    let call = call()
    let reply = try await teacher(server, delivery: delivery).reply(to: call)
    #expect(
      reply
        == TeacherReply(
          text: StubReply.echo(call.messages), isComplete: true, promptTokens: 8, completionTokens: 12))
    let cut = try await teacher(server, delivery: delivery).reply(to: self.call(maximumTokens: 5))
    #expect(!cut.isComplete && cut.completionTokens == 5)
    #expect(cut.text == StubReply.echo(call.messages).split(separator: " ").prefix(5).joined(separator: " "))
  }

  @Test(arguments: deliveries) func asksForWhatTheCallSays(delivery: HTTPTeacher.Delivery) async throws {
    let server = StubTeacherServer()
    _ = try await teacher(server, delivery: delivery).reply(to: call())
    let request = try #require(server.requests.first)
    let chat = try #require(request.chat)
    #expect(request.method == "POST" && request.path == "/v1/chat/completions")
    #expect(request.headers["authorization"] == "Bearer \(Self.canary)")
    #expect(request.headers["content-type"] == "application/json")
    #expect(chat.model == "stub" && chat.messages == call().messages && chat.maximumTokens == 64)
    #expect(chat.temperature == 0.7 && chat.topP == 0.9 && chat.seed == 0x7FFF_FFFE)
    #expect(chat.streams == (delivery == .streamed))
    #expect(String(decoding: request.body, as: UTF8.self).contains("include_usage") == (delivery == .streamed))
    #expect(!String(decoding: request.body, as: UTF8.self).contains("canary"))
  }

  @Test func sendsNoHeaderWithoutAKey() async throws {
    let server = StubTeacherServer()
    _ = try await HTTPTeacher(baseURL: server.baseURL, model: "stub", key: nil).reply(to: call())
    #expect(server.requests.map(\.headers).allSatisfy { $0["authorization"] == nil && $0["cookie"] == nil })
  }

  @Test(arguments: deliveries) func aSlowTrickleIsFine(delivery: HTTPTeacher.Delivery) async throws {
    let server = StubTeacherServer(first: [.fault(.trickle(pause: .milliseconds(5)))])
    let reply = try await teacher(server, delivery: delivery).reply(to: call())
    #expect(reply.text == StubReply.echo(call().messages) && reply.isComplete)
  }

  @Test func readsAWholeReplyWhereItAskedForAStream() async throws {
    let server = StubTeacherServer(first: [.fault(.wholeReply)])
    #expect(try await teacher(server).reply(to: call()).text == StubReply.echo(call().messages))
  }

  @Test(arguments: deliveries) func eightCallsAtATimeGetTheirOwnReplies(delivery: HTTPTeacher.Delivery) async throws {
    let server = StubTeacherServer { $0.index % 3 == 0 ? .fault(.trickle(pause: .milliseconds(2))) : .reply }
    let teacher = try teacher(server, delivery: delivery)
    try await withThrowingTaskGroup(of: (Int, TeacherReply).self) { group in
      for round in 0..<3 {
        for index in 0..<8 {
          group.addTask { (index, try await teacher.reply(to: call("Question \(index)"))) }
        }
        for _ in 0..<8 {
          let (index, reply) = try #require(try await group.next())
          #expect(reply.text == StubReply.echo(call("Question \(index)").messages), "round \(round)")
        }
      }
    }
    #expect(server.requests.count == 24)
  }

  // MARK: Failures

  private static let past = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let faults: [(StubFault, TeacherError.Reason)] = [
    (.rateLimited(), .rateLimited), (.rateLimited(retryAfter: "7"), .rateLimited),
    (.rateLimited(retryAfter: past), .rateLimited), (.status(500), .serverError),
    (.status(503, headers: ["Retry-After": "7"]), .serverError), (.status(401), .unauthorized),
    (.status(401, headers: ["WWW-Authenticate": "Basic realm=\"x\""]), .unauthorized),
    (.status(401, headers: ["WWW-Authenticate": "Bearer"]), .unauthorized),
    (.status(403), .unauthorized), (.status(404), .notFound), (.status(400), .refusedRequest),
    (.status(400, code: "context_length_exceeded"), .promptTooLong), (.status(408), .timedOut),
    (.status(304), .redirected), (.raw(status: 302, contentType: nil, body: ""), .redirected),
    (.close, .unreachable), (.cutMidway, .cutOff), (.malformedJSON, .malformedReply),
    (.wrongContentType, .wrongContentType), (.emptyChoices, .emptyChoices), (.endlessBody, .tooLarge),
    (.raw(status: 200, contentType: nil, body: "{}"), .wrongContentType),
    (.raw(status: 200, contentType: "application/json", body: ""), .malformedReply),
    (.endMidway, .cutOff), (.errorInStream(code: 500, message: "oops"), .serverError),
  ]

  @Test(arguments: deliveries, 0..<faults.count)
  func namesEveryFault(delivery: HTTPTeacher.Delivery, index: Int) async throws {
    let (fault, kind) = Self.faults[index]
    let server = StubTeacherServer { _ in .fault(fault) }
    let teacher = try teacher(server, delivery: delivery, limits: HTTPLimits(maximumBytes: 100_000))
    let error = try #require(await #expect(throws: TeacherError.self) { try await teacher.reply(to: call()) })
    #expect(error.reason == kind, "\(fault): \(error)")
    #expect(error.detail.hasPrefix(server.baseURL.absoluteString), "\(error)")
    #expect(server.requests.count == 1)
  }

  @Test func readsHowLongToWait() async throws {
    let soon = Date(timeIntervalSinceNow: 600).formatted(
      Date.VerbatimFormatStyle(
        format:
          "\(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT",
        locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian)))
    let server = StubTeacherServer(first: [
      .fault(.rateLimited(retryAfter: "7")), .fault(.rateLimited(retryAfter: Self.past)), .fault(.rateLimited()),
      .fault(.status(503, headers: ["Retry-After": "9"])), .fault(.rateLimited(retryAfter: soon)),
    ])
    let teacher = try teacher(server)
    var waits: [Duration?] = []
    for _ in 0..<5 {
      let error = await #expect(throws: TeacherError.self) { try await teacher.reply(to: call()) }
      waits.append(error?.retryAfter)
    }
    #expect(waits.prefix(4) == [.seconds(7), .zero, nil, .seconds(9)])
    // The date is ten minutes off; the calls before took less than nine of them.
    #expect(try (Duration.seconds(60)...Duration.seconds(600)).contains(#require(waits[4])), "\(soon)")
  }

  @Test(arguments: deliveries, 0..<3)
  func doesNotWaitForBytesForEver(delivery: HTTPTeacher.Delivery, which: Int) async throws {
    let fault = [StubFault.silence, .stallAfterHeaders, .stallMidway][which]
    let server = StubTeacherServer { _ in .fault(fault) }
    let limits = HTTPLimits(idle: .milliseconds(150))
    let error = await #expect(throws: TeacherError.self) {
      try await teacher(server, delivery: delivery, limits: limits).reply(to: call())
    }
    #expect(error?.reason == .timedOut && error?.detail.contains("not a byte arrived for 0.15 seconds") == true)
  }

  /// Bytes arrive all the time, so that only the limit on the whole ends it.
  @Test func doesNotWaitForAReplyForEver() async throws {
    let server = StubTeacherServer { _ in .fault(.trickle(pause: .milliseconds(40))) }
    let limits = HTTPLimits(idle: .seconds(60), total: .milliseconds(200))
    let error = await #expect(throws: TeacherError.self) { try await teacher(server, limits: limits).reply(to: call()) }
    #expect(error?.reason == .timedOut && error?.detail.contains("longer than 0.2 seconds") == true)
  }

  @Test func saysThatNobodyListens() async throws {
    let server = StubTeacherServer()
    let teacher = try teacher(server)
    server.stop()
    let error = await #expect(throws: TeacherError.self) { try await teacher.reply(to: call()) }
    #expect(error?.reason == .unreachable)
  }

  // A minute between bytes, so that a busy machine cancels before the reply is whole.
  @Test(arguments: [StubFault.silence, .stallMidway, .trickle(pause: .seconds(60))])
  func cancellingEndsACallAtOnce(fault: StubFault) async throws {
    let arrived = AsyncStream<Void>.makeStream()
    let server = StubTeacherServer { _ in
      arrived.continuation.yield()
      return .fault(fault)
    }
    let teacher = try teacher(server, limits: HTTPLimits(idle: .seconds(3600), total: .seconds(3600)))
    let task = Task { try await teacher.reply(to: call()) }
    for await _ in arrived.stream { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func aCancelledTaskSendsNothing() async throws {
    let server = StubTeacherServer()
    let teacher = try teacher(server)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await teacher.reply(to: call())
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(server.requests.isEmpty)
  }

  // MARK: Retries

  @Test(arguments: deliveries) func retriesLeadThroughFaultsToTheRightReply(delivery: HTTPTeacher.Delivery) async throws
  {
    let faults: [StubFault] = [
      .rateLimited(retryAfter: "0"), .status(500), .cutMidway, .malformedJSON, .wrongContentType, .emptyChoices,
      .silence, .endlessBody, .close, .status(503), .rateLimited(),
    ]
    let server = StubTeacherServer(first: faults.map { .fault($0) })
    let teacher = try teacher(
      server, delivery: delivery, limits: HTTPLimits(idle: .seconds(3), maximumBytes: 100_000))
    var counts: [TeacherError.Reason: Int] = [:]
    let reply = try await RetryPolicy(attempts: faults.count + 1, baseDelay: .zero).run(
      onFailure: { counts[$0.reason, default: 0] += 1 }, operation: { try await teacher.reply(to: call()) })
    #expect(reply.text == StubReply.echo(call().messages))
    #expect(
      counts == [
        .rateLimited: 2, .serverError: 2, .cutOff: 1, .malformedReply: 1, .wrongContentType: 1, .emptyChoices: 1,
        .timedOut: 1, .tooLarge: 1, .unreachable: 1,
      ])
    #expect(server.requests.count == faults.count + 1)
  }

  // MARK: The key

  @Test(arguments: deliveries) func redirectionsAreNotFollowed(delivery: HTTPTeacher.Delivery) async throws {
    let elsewhere = StubTeacherServer()
    let target = elsewhere.baseURL.appending(path: "chat/completions")
      .appending(queryItems: [URLQueryItem(name: "hush", value: Self.canary)])
    for status in [301, 302, 303, 307, 308] {
      let server = StubTeacherServer { _ in
        .fault(.status(status, headers: ["Location": target.absoluteString]))
      }
      let error = await #expect(throws: TeacherError.self) {
        try await teacher(server, delivery: delivery).reply(to: call())
      }
      #expect(error?.reason == .redirected)
      #expect(error?.detail.contains("“127.0.0.1”") == true && error?.detail.contains("hush") == false, "\(error!)")
    }
    let itself = StubTeacherServer { .fault(.redirect(to: URL(string: $0.path)!)) }
    let error = await #expect(throws: TeacherError.self) { try await teacher(itself).reply(to: call()) }
    #expect(error?.reason == .redirected && itself.requests.count == 1)
    #expect(elsewhere.requests.isEmpty)
  }

  @Test(arguments: deliveries) func theKeyIsInNoErrorAndNoDump(delivery: HTTPTeacher.Delivery) async throws {
    let echoed = String(repeating: "x", count: 190) + " key \(Self.canary) and \(Self.canary.uppercased())"
    let echoes: [StubFault] = [
      .status(401, message: echoed), .status(429, message: echoed, code: Self.canary),
      .raw(status: 500, contentType: "text/html", body: "<p>\(Self.canary)</p>"),
      .raw(status: 200, contentType: Self.canary, body: ""),
      .raw(status: 200, contentType: "application/json", body: Self.canary),
      .raw(status: 200, contentType: "application/json", body: #"{"error": "\#(Self.canary)"}"#),
      .errorInStream(code: 500, message: echoed), .redirect(to: URL(string: "https://\(Self.canary).example.org/")!),
    ]
    for fault in echoes + Self.faults.map(\.0) {
      let server = StubTeacherServer { _ in .fault(fault) }
      let teacher = try teacher(server, delivery: delivery, limits: HTTPLimits(maximumBytes: 100_000))
      let error = try #require(await #expect(throws: TeacherError.self) { try await teacher.reply(to: call()) })
      var texts = ["\(error)", String(reflecting: error), error.localizedDescription, error.detail]
      texts += [teacher.identity, "\(teacher)", String(reflecting: teacher)]
      for value in [error as Any, teacher] {
        var text = ""
        dump(value, to: &text)
        texts.append(text)
      }
      for text in texts { #expect(!text.lowercased().contains("canary"), "\(fault): \(text)") }
    }
  }

  /// A reason that is not known is kept with the reply, and the key is not in it.
  @Test(arguments: deliveries) func theKeyIsInNoFinishReason(delivery: HTTPTeacher.Delivery) async throws {
    let server = StubTeacherServer { _ in
      .fault(
        .raw(
          status: 200, contentType: "application/json",
          body: #"{"choices": [{"message": {"content": "x"}, "finish_reason": "\#(Self.canary)"}]}"#))
    }
    let reply = try await teacher(server, delivery: delivery).reply(to: call())
    var text = ""
    dump(reply, to: &text)
    #expect(reply.text == "x" && !text.lowercased().contains("canary"), "\(text)")
  }
}
