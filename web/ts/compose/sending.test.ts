import { DetailedError, type HttpRequest, type HttpResponse } from "tus-js-client";
import { describe, expect, it } from "vitest";
import { Unreadable } from "./chosen-file";
import {
  keepPlace,
  nextAfter,
  pieceReader,
  retryAfterOf,
  stopOf,
  Unanswered,
  waitBefore,
} from "./sending";

function request(method: string): HttpRequest {
  return { getMethod: () => method } as HttpRequest;
}

function response(status: number, body = "", retryAfter?: string): HttpResponse {
  return {
    getStatus: () => status,
    getHeader: (name: string) => (name === "Retry-After" ? retryAfter : undefined),
    getBody: () => body,
  } as HttpResponse;
}

function detailed(method: string, answer: HttpResponse | null, cause: Error | null = null) {
  // The client's own constructor reads more of a request than its type says.
  return Object.assign(Object.create(DetailedError.prototype) as DetailedError, {
    originalRequest: request(method),
    originalResponse: answer,
    causingError: cause,
  });
}

describe("after an answer", () => {
  const methods = ["POST", "HEAD", "PATCH"];
  it("that came from a front, a busy site, or out of step, the same is sent again", () => {
    for (const method of methods) {
      for (const status of [200, 302, 408, 409, 423, 425, 429, 460, 500, 502, 503, 504, 507, 511])
        expect(nextAfter(method, status), `${method} ${status}`).toBe("again");
    }
  });
  it("that the session ended, its owner logs in", () => {
    for (const method of methods) expect(nextAfter(method, 401)).toBe("log-in");
  });
  it("begins anew only where the upload is no more", () => {
    for (const status of [404, 410]) {
      expect(nextAfter("HEAD", status)).toBe("anew");
      expect(nextAfter("PATCH", status)).toBe("anew");
      // There it is the post that is no more.
      expect(nextAfter("POST", status)).toBe("refused");
    }
  });
  it("that no time will change, it ends", () => {
    for (const method of methods) {
      for (const status of [400, 403, 412, 413, 415])
        expect(nextAfter(method, status)).toBe("refused");
    }
  });
  it("too many is a refusal once it would take more than minutes", () => {
    expect(nextAfter("POST", 429, 30)).toBe("again");
    expect(nextAfter("POST", 429, 3600)).toBe("refused");
  });
});

describe("the wait before another try", () => {
  it("grows to seconds and stays there", () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((n) => waitBefore(n))).toEqual([
      0, 500, 1000, 2000, 4000, 4000, 4000,
    ]);
  });
  it("is as long as the answer asks for, within reason", () => {
    expect(waitBefore(1, 7)).toBe(7000);
    expect(waitBefore(5, 1)).toBe(4000);
    expect(waitBefore(1, 86400)).toBe(300_000);
  });
  it("is read from seconds and from dates", () => {
    const now = Date.parse("2026-05-05T12:00:00Z");
    expect(retryAfterOf("120", now)).toBe(120);
    expect(retryAfterOf("Tue, 05 May 2026 12:00:30 GMT", now)).toBe(30);
    expect(retryAfterOf("Tue, 05 May 2026 11:00:00 GMT", now)).toBe(0);
    for (const field of ["soon", "", null, undefined])
      expect(retryAfterOf(field, now)).toBeUndefined();
  });
});

describe("a HEAD", () => {
  it("that says nothing about the upload is not left to the client, which would begin anew", () => {
    for (const status of [400, 401, 403, 423, 429, 500, 502, 503])
      expect(() => keepPlace(request("HEAD"), response(status))).toThrow(Unanswered);
    for (const status of [200, 204, 404, 410]) keepPlace(request("HEAD"), response(status));
    keepPlace(request("PATCH"), response(502));
    keepPlace(request("POST"), response(502));
  });
});

describe("what stopped an upload", () => {
  it("is read from the answer, also from one to a HEAD that was kept from the client", () => {
    const busy = response(502, "<html>", "3");
    expect(stopOf(detailed("PATCH", busy))).toMatchObject({ next: "again", retryAfter: 3 });
    const kept = detailed("HEAD", null, new Unanswered(busy));
    expect(stopOf(kept)).toMatchObject({ next: "again", wasAnswered: true, retryAfter: 3 });
    const ended = detailed("HEAD", null, new Unanswered(response(401)));
    expect(stopOf(ended)).toMatchObject({ next: "log-in" });
    const refused = detailed("POST", response(403, '{"message":"停止中です"}'));
    expect(stopOf(refused)).toMatchObject({ next: "refused", words: "停止中です" });
  });
  it("is the network only when nothing answered and the file can be read", () => {
    const silence = detailed("PATCH", null, new Error("ProgressEvent"));
    expect(stopOf(silence)).toMatchObject({ next: "again", wasAnswered: false });
    const unreadable = detailed("PATCH", null, new Unreadable("gone"));
    expect(stopOf(unreadable)).toMatchObject({ next: "unreadable" });
  });
});

describe("a piece", () => {
  it("is read before it is sent, and the last one is said to be the last", async () => {
    const source = await pieceReader.openFile(new File(["にんじん"], "a.mp4"), 4);
    expect(source.size).toBe(12);
    const first = await source.slice(0, 6);
    expect(first.done).toBe(false);
    expect(await (first.value as Blob).text()).toBe("にん");
    const last = await source.slice(6, 12);
    expect(last.done).toBe(true);
    expect(await (last.value as Blob).text()).toBe("じん");
  });
});
