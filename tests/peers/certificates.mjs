// A certificate authority of one run: keys that are not in the repository cannot be taken for ones
// to use.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findCommand, skip } from './support.mjs';

export class Authority {
  constructor(directory, name = 'authority') {
    this.openssl = findCommand(['openssl'], 'OPENSSL') ?? skip('no openssl on PATH and OPENSSL is not set');
    this.directory = directory;
    this.name = name;
    const { certificate, key } = this.make(name, 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign');
    Object.assign(this, { certificate, key });
  }

  // Names are written as in a subjectAltName: DNS:localhost or IP:127.0.0.1.
  issue(name, ...names) {
    return this.make(name, 'basicConstraints=critical,CA:FALSE', `subjectAltName=${names.join(',')}`);
  }

  make(name, ...extensions) {
    const key = join(this.directory, `${name}.key`);
    const certificate = join(this.directory, `${name}.pem`);
    execFileSync(this.openssl, ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
      '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate,
      ...this.certificate ? ['-CA', this.certificate, '-CAkey', this.key] : [],
      ...extensions.flatMap(extension => ['-addext', extension])], { stdio: ['ignore', 'ignore', 'pipe'] });
    return { certificate, key, authority: this.certificate ?? certificate };
  }
}
