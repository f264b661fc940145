// Debian's nginx as a reverse proxy, with nothing outside of a directory of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Program, findCommand, skip } from './support.mjs';

export function findNginx(unpacked) {
  return findCommand(['nginx'], 'NGINX_BINARY') ?? findCommand([unpacked]) ??
    skip('no nginx on PATH, none unpacked in the build directory, and NGINX_BINARY is not set');
}

function freePort() {
  return new Promise((done, failed) => {
    const holder = createServer().on('error', failed).listen(0, '127.0.0.1', () => {
      const { port } = holder.address();
      holder.close(() => done(port));
    });
  });
}

// The server that README.md shows.
const shown = /```nginx\n([^]*?)```/.exec(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'))[1];
const files = '/etc/letsencrypt/live/events.example';

function withOwn(port, { certificate, key }) {
  const own = {
    'listen [::]:443 ssl http2;': '',
    'listen 443 ': `listen 127.0.0.1:${port} `,
    [`${files}/fullchain.pem`]: certificate,
    [`${files}/privkey.pem`]: key,
    'http://127.0.0.1:8080': 'http://crier',
  };
  return Object.entries(own).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`README.md shows no "${from}" for nginx`);
    return text.replace(from, to);
  }, shown);
}

// One process, which leaves no workers behind when it is killed.
const configuration = ({ ports, upstreams, certificates }) => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream crier {
    ${upstreams.map((port, index) => `server 127.0.0.1:${port}${index ? ' backup' : ''};`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${ports[0]};
    location /http10/ { proxy_pass http://crier/; }
    location /http11/ { proxy_pass http://crier/; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /held/ { proxy_pass http://crier/; proxy_ignore_headers X-Accel-Buffering; }
  }
  ${certificates.map((pair, index) => withOwn(ports[index + 1], pair)).join('')}
}
`;

export class Nginx extends Program {
  // Listens for plain HTTP on the first of its ports, and as README.md shows it on each further one.
  static async start({ binary, directory, upstreams, certificates = [] }) {
    // A free port may be taken before nginx listens on it.
    for (let attempt = 1; ; ++attempt) {
      const ports = [];
      for (let count = 0; count <= certificates.length; ++count) ports.push(await freePort());
      try {
        return await Nginx.startOn({ binary, directory, ports, upstreams, certificates });
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  static async startOn(options) {
    writeFileSync(join(options.directory, 'nginx.conf'), configuration(options));
    // -e: not even the moment before it has read its configuration needs a log that only root may write.
    const started = new Nginx(options.binary, '-p', options.directory, '-c', 'nginx.conf', '-e', 'stderr');
    started.options = options;
    await started.err.next(/event method/);
    return started;
  }

  url(path, server = 0, host = '127.0.0.1') {
    return `${server ? 'https' : 'http'}://${host}:${this.options.ports[server]}${path}`;
  }

  async restart(whileDown = () => {}) {
    await this.end();
    await whileDown();
    return Nginx.startOn(this.options);
  }
}
