/**
 * The one icon of our own: a box with a lid, for packages. The others are Lab's.
 */
import { LabIcon } from '@jupyterlab/ui-components';

import { NAME } from '../model/tokens';

const BOX = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="M8 1 14 4v8l-6 3-6-3V4zM8 2.3 4.2 4.2 8 6.1l3.8-1.9zM3.2 5.1v6.2l4.2 2.1V7.2zm9.6 0L8.6 7.2v6.2l4.2-2.1z"/>
</svg>`;

export const boxIcon = new LabIcon({ name: `${NAME}:box`, svgstr: BOX });
