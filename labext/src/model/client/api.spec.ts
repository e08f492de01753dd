import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DepClient } from './api';
import { ProblemError, UnreachableError } from './problems';
import { trans } from '../../testing/samples';
import { HEADER } from '../wire';

const ABOUT = { protocol: 1, version: '1', allowed: true };

function answer(body: unknown, status = 200, headers: Record<string, string> = { [HEADER]: '1' }): () => Promise<Response> {
  return async () =>
    new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
}

function client(...answers: (() => Promise<Response>)[]): { client: DepClient; asked: { url: string; init: RequestInit }[] } {
  const asked: { url: string; init: RequestInit }[] = [];
  const settings = ServerConnection.makeSettings({ baseUrl: 'http://hub.example/user/ada/', token: 't' });
  const made = new DepClient({
    settings,
    trans,
    request: async (url, init) => {
      asked.push({ url, init });
      const next = answers.length > 1 ? answers.shift()! : answers[0]!;
      return next();
    }
  });
  return { client: made, asked };
}

async function wrong(promise: Promise<unknown>): Promise<ProblemError | UnreachableError> {
  return promise.then(
    () => expect.fail('it went well'),
    (error: ProblemError | UnreachableError) => error
  );
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the client', () => {
  it('asks below the base URL, with the protocol, and escapes what it is given', async () => {
    const { client: made, asked } = client(answer({ name: 'x' }));
    await made.details('a/../b c', 'Ordner & Co/ü.ipynb');
    expect(asked[0]!.url).toBe(
      'http://hub.example/user/ada/jupyter-dep/packages/a%2F..%2Fb%20c?path=Ordner%20%26%20Co%2F%C3%BC.ipynb'
    );
    expect((asked[0]!.init.headers as Record<string, string>)[HEADER]).toBe('1');
  });

  it('sends a job as JSON', async () => {
    const { client: made, asked } = client(answer({ id: 'j' }, 202));
    await made.start({ kind: 'add', path: 'n.ipynb', names: ['x'] });
    expect(asked[0]!.init).toMatchObject({ method: 'POST', body: '{"kind":"add","path":"n.ipynb","names":["x"]}' });
  });

  it('hands over the problem that the server names', async () => {
    const { client: made } = client(answer({ code: 'conflict', message: 'no', hint: 'do', context: { file: 'n' } }, 409));
    const error = await wrong(made.project('n'));
    expect(error).toBeInstanceOf(ProblemError);
    expect(error.problem).toEqual({ code: 'conflict', message: 'no', hint: 'do', context: { file: 'n' }, steps: [] });
    expect(made.connectionState).toBe('up');
  });

  it('answers nothing to a 204', async () => {
    const { client: made } = client(answer(null, 204));
    await expect(made.revoke('n')).resolves.toBeUndefined();
  });

  it('says that the server has no jupyter-dep', async () => {
    const { client: made } = client(answer('<h1>404</h1>', 404, {}));
    expect((await wrong(made.about())).problem.code).toBe('no-server-extension');
    expect(made.connectionState).toBe('absent');
  });

  it('does not take a missing notebook for a missing server', async () => {
    const { client: made } = client(answer({ code: 'no-notebook', message: 'no', hint: 'x' }, 404));
    await wrong(made.project('n'));
    expect(made.connectionState).toBe('up');
  });

  it('says which side to upgrade', async () => {
    const newer = client(answer(ABOUT, 200, { [HEADER]: '2' })).client;
    await wrong(newer.about());
    expect(newer.connectionState).toBe('mismatch');
    expect(newer.mismatch).toContain('Reload the page');
    const older = client(answer(ABOUT, 200, { [HEADER]: '0' })).client;
    await wrong(older.about());
    expect(older.mismatch).toContain('Upgrade jupyter-dep on the server');
    const told = client(answer({ code: 'protocol-mismatch', message: 'no', hint: 'reload it' }, 409, { [HEADER]: '2' })).client;
    await wrong(told.about());
    expect(told.mismatch).toBe('reload it');
  });

  it('says to sign in where a login page or a refusal comes back', async () => {
    expect((await wrong(client(answer({ message: 'Forbidden' }, 403, {})).client.about())).problem.code).toBe('not-allowed');
    expect((await wrong(client(answer('<html>login</html>')).client.about())).problem.code).toBe('unexpected-answer');
  });

  it('asks again, later and later, until the server is back', async () => {
    let up = false;
    const { client: made, asked } = client(async () => {
      if (!up) {
        throw new ServerConnection.NetworkError(new TypeError('Failed to fetch'));
      }
      return answer(ABOUT)();
    });
    const told: string[] = [];
    made.connectionStateChanged.connect((_, connectionState) => told.push(connectionState));
    expect(await wrong(made.project('n'))).toBeInstanceOf(UnreachableError);
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
    expect(asked).toHaveLength(4);
    up = true;
    await vi.advanceTimersByTimeAsync(8000);
    expect(asked).toHaveLength(5);
    expect(told).toEqual(['lost', 'up']);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(5);
  });

  it('asks a doubtful server at once, and twice more while it still answers', async () => {
    let up = true;
    const { client: made, asked } = client(async () => {
      if (!up) {
        throw new ServerConnection.NetworkError(new TypeError('Failed to fetch'));
      }
      return answer(ABOUT)();
    });
    made.doubt();
    made.doubt();
    await vi.advanceTimersByTimeAsync(0);
    expect([asked.length, made.connectionState]).toEqual([1, 'up']);
    up = false;
    await vi.advanceTimersByTimeAsync(2000);
    expect([asked.length, made.connectionState]).toEqual([2, 'lost']);
    made.doubt();
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toHaveLength(2);
    made.dispose();
  });

  it('leaves a server in peace that went on to answer', async () => {
    const { client: made, asked } = client(answer(ABOUT));
    made.doubt();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked).toHaveLength(3);
  });

  it('takes a gateway error for a server that is away', async () => {
    const { client: made } = client(answer('Bad Gateway', 502, {}));
    expect(await wrong(made.about())).toBeInstanceOf(UnreachableError);
    made.dispose();
  });

  it('asks nothing any more once it is disposed', async () => {
    const { client: made, asked } = client(answer('', 503, {}));
    await wrong(made.about());
    made.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(1);
  });
});
