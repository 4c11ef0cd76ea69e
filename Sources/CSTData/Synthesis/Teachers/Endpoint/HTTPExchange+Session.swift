import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

extension HTTPExchange {
  /// A session for one request, which keeps nothing: no cookies, no cache, no credentials.
  func makeSession() -> URLSession {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.urlCredentialStorage = nil
    configuration.httpCookieStorage = nil
    configuration.httpShouldSetCookies = false
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    // The exchange keeps the time; the system's own limits differ between systems.
    configuration.timeoutIntervalForRequest = 7 * 86_400
    configuration.timeoutIntervalForResource = 7 * 86_400
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    return URLSession(configuration: configuration, delegate: self, delegateQueue: queue)
  }
}

extension HTTPExchange: URLSessionDataDelegate {
  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    receive(response)
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) { receive(data) }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    // Outside of Apple's systems, a redirection that names no place is told to nobody: the task alone knows of it.
    if let response = task.response { receive(response) }
    end(error)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
    completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
  ) {
    let method = challenge.protectionSpace.authenticationMethod
    let asksForPassword = [NSURLAuthenticationMethodHTTPBasic, NSURLAuthenticationMethodHTTPDigest].contains(method)
    guard asksForPassword, let response = challenge.failureResponse else {
      return completionHandler(.performDefaultHandling, nil)
    }
    // A status of 401 like any other: there is no password, and the default is to wait for one outside of Apple's
    // systems.
    receive(response)
    end(nil)
    #if !canImport(FoundationNetworking)
      completionHandler(.rejectProtectionSpace, nil)
    #endif
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    redirect(status: response.statusCode, to: request.url)
    // The exchange has cancelled the task. Foundation outside of Apple's systems traps on an answer to a question of a
    // cancelled task, and every call can be cancelled from outside at this moment.
    #if !canImport(FoundationNetworking)
      completionHandler(nil)
    #endif
  }
}
