// A private nginx: the yardstick for serving bytes that are ready, and for taking bytes in.

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, serve, sparePort } from "./processes.mjs";

/** Serves `files` (name → {bytes, type}) and takes PUTs under /put/. Resolves to its address, process and the PUTs' folder. */
export async function startNginx(files = {}) {
  const home = join(scratch, "nginx");
  const pages = join(home, "pages");
  const put = join(home, "put");
  for (const folder of [pages, put, join(home, "temp")]) mkdirSync(folder, { recursive: true });
  // Under root its workers run as somebody else; the same folder must be theirs.
  for (const folder of [scratch, put, join(home, "temp")]) chmodSync(folder, 0o777);
  const types = [];
  for (const [name, { bytes, type }] of Object.entries(files)) {
    writeFileSync(join(pages, name), bytes);
    types.push(`location = /${name} { default_type "${type}"; }`);
  }
  writeFileSync(join(pages, "ready"), "ready\n");
  const port = await sparePort();
  const configuration = join(home, "nginx.conf");
  writeFileSync(
    configuration,
    `daemon off;
    worker_processes auto;
    pid ${home}/pid;
    error_log stderr error;
    events { worker_connections 1024; }
    http {
      access_log off;
      sendfile on;
      tcp_nopush on;
      open_file_cache max=100 inactive=60s;
      keepalive_requests 100000000;
      client_max_body_size 0;
      client_body_temp_path ${home}/temp/body;
      proxy_temp_path ${home}/temp/proxy;
      fastcgi_temp_path ${home}/temp/fastcgi;
      uwsgi_temp_path ${home}/temp/uwsgi;
      scgi_temp_path ${home}/temp/scgi;
      server {
        listen 127.0.0.1:${port};
        root ${pages};
        types {}
        ${types.join("\n        ")}
        location /put/ { root ${home}; dav_methods PUT; }
      }
    }`,
  );
  const url = `http://127.0.0.1:${port}`;
  const process = await serve("/usr/sbin/nginx", ["-e", "stderr", "-c", configuration], { url: `${url}/ready` });
  return { url, process, put };
}
