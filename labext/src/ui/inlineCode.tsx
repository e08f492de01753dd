/**
 * Text of the server and of kernels, with what stands between backticks as code. It is text: nothing in it is markup.
 */
import React from 'react';

import { escapeLines } from '../status/text';

export function InlineCode({ text }: { text: string }): JSX.Element {
  const pieces = escapeLines(text).split('`');
  // an odd backtick is one that was meant
  const paired = pieces.length % 2 === 1;
  return (
    <>
      {paired
        ? pieces.map((piece, at) =>
            at % 2 ? <code key={at}>{piece}</code> : <React.Fragment key={at}>{piece}</React.Fragment>
          )
        : pieces.join('`')}
    </>
  );
}
