import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { podman, tryPodman } from './podman.ts'

const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'

/**
 * A stand-in for the official slim image where no registry of images can be reached: Debian 13 from Debian's own
 * packages, with the Node that the lockfile pins and the npm that runs this. Made once per machine and Node version;
 * podman's own image store keeps it.
 */
export function ensureBaseImage(): string {
  const tag = `localhost/sidekey-test-base:${process.versions.node}`
  if (tryPodman(['image', 'exists', tag]).code !== 0) makeBaseImage(tag)
  return tag
}

function makeBaseImage(tag: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'sidekey-base-'))
  try {
    const debian = ['--variant=minbase', 'trixie', folder, ...debianMirror()]
    execFileSync('debootstrap', debian, { stdio: 'ignore', timeout: 600_000 })
    addNode(join(folder, 'usr/local'))
    addCertificates(folder)
    const archive = join(folder, '..', `${tag.replaceAll(/\W/g, '-')}.tar`)
    execFileSync('tar', [
      '-C',
      folder,
      '--exclude=./var/cache/apt/archives/*.deb',
      '-cf',
      archive,
      '.',
    ])
    podman(['import', ...changes(), archive, tag], 600_000)
    rmSync(archive)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// The mirror that this machine's apt uses; debootstrap's own default when apt names none.
function debianMirror(): readonly string[] {
  const format = ['--format', '$(ORIGIN) $(COMPONENT) $(REPO_URI)']
  const targets = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' })
  const line = targets.split('\n').find((target) => /^Debian main .*\/debian\/?$/.test(target))
  return line === undefined ? [] : [line.split(' ')[2] ?? '']
}

function addNode(prefix: string): void {
  const npmCli = process.env['npm_execpath']
  if (npmCli === undefined) throw new Error('run this as `npm run test:image`: it copies that npm')
  cpSync(process.execPath, join(prefix, 'bin/node'))
  cpSync(dirname(dirname(npmCli)), join(prefix, 'lib/node_modules/npm'), { recursive: true })
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(prefix, 'bin', name))
  }
}

// A network with a certificate authority of its own is reached by what this machine trusts.
function addCertificates(root: string): void {
  mkdirSync(join(root, dirname(CA_BUNDLE)), { recursive: true })
  cpSync(CA_BUNDLE, join(root, CA_BUNDLE), { dereference: true })
}

function changes(): readonly string[] {
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return ['--change', path, '--change', `ENV NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`]
}
