"use strict";(self.rspackChunkjupyter_dep=self.rspackChunkjupyter_dep||[]).push([[700],{203(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=(p.n(n))()(a());t.push([e.id,`.jp-Dep-badgeItem {
  display: flex;
  align-items: center;
}

.jp-Dep-badge {
  position: relative;
  display: inline-flex;
  align-items: center;
  gap: 4px;
  height: 24px;
  padding: 0 6px;
  overflow: hidden;
  border: none;
  border-radius: var(--jp-border-radius);
  background: transparent;
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 24px;
  white-space: nowrap;
  cursor: pointer;
}

.jp-Dep-badge:hover {
  background: var(--jp-layout-color2);
}

.jp-Dep-badge:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.jp-Dep-badgeIcon {
  display: inline-flex;
}

.jp-Dep-badge[data-status='consent'],
.jp-Dep-badge[data-status='restart'],
.jp-Dep-badge[data-status='changed'],
.jp-Dep-badge[data-status='wrong-kernel'] {
  box-shadow: inset 0 -2px 0 var(--jp-warn-color1);
}

.jp-Dep-badge[data-status='failed'],
.jp-Dep-badge[data-status='away'] {
  box-shadow: inset 0 -2px 0 var(--jp-error-color1);
}

.jp-Dep-badge[data-status='sync'] {
  box-shadow: inset 0 -2px 0 var(--jp-success-color1);
}

.jp-Dep-badge[data-status='none'],
.jp-Dep-badge[data-status='reading'] {
  color: var(--jp-ui-font-color2);
}

.jp-Dep-badge[data-status='building'] .jp-Dep-badgeIcon {
  animation: jp-Dep-turn 1.5s linear infinite;
}

.jp-Dep-badgePart {
  position: absolute;
  bottom: 0;
  left: 0;
  height: 2px;
  background: var(--jp-brand-color1);
  transition: width 0.2s;
}

@keyframes jp-Dep-turn {
  to {
    transform: rotate(360deg);
  }
}

@media (prefers-reduced-motion: reduce) {
  .jp-Dep-badge[data-status='building'] .jp-Dep-badgeIcon,
  .jp-Dep-bar[data-unknown='true'] > span {
    animation: none;
  }
}
`,""]),p.d(o,{},{A:t})},684(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=(p.n(n))()(a());t.push([e.id,`.jp-Dep-consentDialog .jp-Dialog-content {
  width: 620px;
  max-width: 94vw;
  max-height: 90vh;
}

.jp-Dep-consentDialog .jp-Dialog-footerButtons {
  display: flex;
  flex-wrap: wrap;
  gap: 8px 12px;
  justify-content: flex-end;
}

.jp-Dep-consentDialog .jp-Dialog-footerButtons .jp-Dialog-button {
  margin: 0;
}

.jp-Dep-consent {
  max-height: 60vh;
  overflow: auto;
  padding-right: 4px;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.45;
}

.jp-Dep-consent p {
  margin: 0 0 8px;
}

.jp-Dep-consent h3 {
  margin: 8px 0 4px;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.jp-Dep-consent ul {
  margin: 0 0 8px;
  padding-left: 20px;
}

.jp-Dep-consent dl {
  display: grid;
  grid-template-columns: max-content 1fr;
  gap: 2px 12px;
  margin: 0 0 8px;
}

.jp-Dep-consent dt {
  color: var(--jp-ui-font-color2);
}

.jp-Dep-consent dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.jp-Dep-consent fieldset {
  margin: 8px 0;
  padding: 6px 12px 8px;
  border: var(--jp-border-width) solid var(--jp-warn-color1);
  border-radius: var(--jp-border-radius);
}

.jp-Dep-consent legend {
  padding: 0 4px;
  font-weight: 600;
}

.jp-Dep-consentItem {
  display: flex;
  gap: 8px;
  align-items: baseline;
  padding: 3px 0;
  overflow-wrap: anywhere;
}

.jp-Dep-consentItem input {
  flex: none;
  margin: 0;
}

.jp-Dep-consentNote {
  padding: 6px 10px;
  border-left: 3px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
}

.jp-Dep-consent summary {
  cursor: pointer;
  padding: 2px 0;
}

.jp-Dep-consentTable {
  max-height: 30vh;
  margin: 4px 0 8px;
  overflow: auto;
  border: var(--jp-border-width) solid var(--jp-border-color2);
}

.jp-Dep-consent table {
  width: 100%;
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size1);
}

.jp-Dep-consent th,
.jp-Dep-consent td {
  padding: 2px 8px;
  text-align: left;
  overflow-wrap: anywhere;
}

.jp-Dep-consent tbody th {
  font-weight: 400;
}

/* in a narrow window the table scrolls, so that a version or a size stays on its line; a name or a host may wrap */
.jp-Dep-consent thead th,
.jp-Dep-consent td:nth-child(3) {
  white-space: nowrap;
}

.jp-Dep-consent tbody th,
.jp-Dep-consent td {
  min-width: 4em;
}

.jp-Dep-consent tbody th,
.jp-Dep-consent td:last-child {
  min-width: 9em;
}

.jp-Dep-consent thead th {
  position: sticky;
  top: 0;
  background: var(--jp-layout-color2);
}

.jp-Dep-consent p.jp-Dep-dim {
  color: var(--jp-ui-font-color2);
  overflow-wrap: anywhere;
}

.jp-Dep-consent code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}
`,""]),p.d(o,{},{A:t})},35(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=(p.n(n))()(a());t.push([e.id,`.jp-Dep-holding {
  overflow: hidden;
  background: var(--jp-layout-color2);
  border-bottom: var(--jp-border-width) solid var(--jp-border-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
}

.jp-Dep-hold {
  max-height: 40vh;
  overflow: auto;
  padding: 6px 12px;
  border-left: 3px solid var(--jp-brand-color1);
  line-height: 1.4;
}

.jp-Dep-hold.jp-mod-warn {
  border-left-color: var(--jp-warn-color1);
}

.jp-Dep-hold.jp-mod-error {
  border-left-color: var(--jp-error-color1);
}

.jp-Dep-holdLine {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 10px;
}

.jp-Dep-hold:not(.jp-mod-warn, .jp-mod-error) .jp-Dep-holdLine {
  flex-wrap: nowrap;
}

.jp-Dep-hold progress {
  flex: 0 1 120px;
  min-width: 48px;
  accent-color: var(--jp-brand-color1);
}

.jp-Dep-holdText {
  white-space: pre-line;
}

.jp-Dep-holdLine > .jp-Dep-holdText,
.jp-Dep-holdStep {
  flex: 0 1 auto;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-Dep-holdStep,
.jp-Dep-holdKept {
  color: var(--jp-ui-font-color2);
}

.jp-Dep-holdKept {
  flex: none;
}

.jp-Dep-hold button.jp-mod-styled {
  flex: none;
  height: 24px;
  margin: 0;
  padding: 0 10px;
  letter-spacing: normal;
  line-height: 24px;
}

/* the step may grow, and pushes what follows to the right */
.jp-Dep-holdStep {
  flex-grow: 1;
}

.jp-Dep-hold:is(.jp-mod-warn, .jp-mod-error) .jp-Dep-holdLine {
  margin: 4px 0 2px;
}

.jp-Dep-hold code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.jp-Dep-hold ol {
  margin: 4px 0;
  padding-left: 24px;
}
`,""]),p.d(o,{},{A:t})},646(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=p.n(n),i=p(203),l=p(724),d=p(684),s=p(35),c=p(538),j=t()(a());j.i(i.A),j.i(l.A),j.i(d.A),j.i(s.A),j.i(c.A),j.push([e.id,`
`,""]),p.d(o,{},{A:j})},538(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=(p.n(n))()(a());t.push([e.id,`.jp-Dep-missing {
  padding: 6px 0 4px;
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.jp-Dep-missing p {
  margin: 0 0 6px;
  white-space: pre-line;
}

.jp-Dep-missing code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.jp-Dep-missingAdd {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 6px 10px;
}

.jp-Dep-missingAdd button.jp-mod-styled,
.jp-Dep-missingAdd select.jp-mod-styled {
  width: auto;
  max-width: 280px;
  height: 28px;
  margin: 0;
  font-size: var(--jp-ui-font-size1);
  letter-spacing: normal;
  line-height: 28px;
}

.jp-Dep-missingWrong {
  color: var(--jp-error-color1);
}

.jp-Dep-missingKnown {
  max-width: 480px;
  line-height: 1.45;
}

.jp-Dep-warn {
  padding: 6px 10px;
  border-left: 3px solid var(--jp-warn-color1);
  background: var(--jp-layout-color2);
}

.jp-Dep-difference {
  max-height: 40vh;
  margin: 8px 0 0;
  padding: 8px;
  overflow: auto;
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}
`,""]),p.d(o,{},{A:t})},724(e,o,p){var r=p(601),a=p.n(r),n=p(314),t=(p.n(n))()(a());t.push([e.id,`.jp-Dep-panel {
  min-width: 220px;
  padding: 0 0 24px;
  overflow: hidden auto;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.45;
}

.jp-Dep-panel p,
.jp-Dep-panel h2,
.jp-Dep-panel h3,
.jp-Dep-panel ul {
  margin: 0;
  padding: 0;
}

.jp-Dep-panel ul {
  list-style: none;
}

.jp-Dep-panel h3 {
  display: inline;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.jp-Dep-panel :focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -1px;
}

.jp-Dep-empty {
  padding: 16px 12px !important;
  color: var(--jp-ui-font-color2);
}

.jp-Dep-line {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 2px 6px;
  min-height: 24px;
}

.jp-Dep-fill {
  flex: 1 1 0;
}

.jp-Dep-dim,
.jp-Dep-note,
.jp-Dep-facts {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.jp-Dep-dim:empty {
  display: none;
}

.jp-Dep-clip {
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

/* header */

.jp-Dep-header {
  padding: 8px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.jp-Dep-header .jp-Dep-line {
  flex-wrap: nowrap;
}

.jp-Dep-title {
  flex: 1 1 0;
  overflow: hidden;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.jp-Dep-facts {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 8px;
}

/* controls */

.jp-Dep-tool {
  display: inline-flex;
  flex: 0 0 auto;
  align-items: center;
  justify-content: center;
  width: 24px;
  height: 24px;
  padding: 0;
  border: none;
  border-radius: var(--jp-border-radius);
  background: transparent;
  cursor: pointer;
}

.jp-Dep-tool > span {
  display: inline-flex;
}

.jp-Dep-tool:hover {
  background: var(--jp-layout-color2);
}

.jp-Dep-button {
  min-height: 24px;
  padding: 0 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: inherit;
  font-size: var(--jp-ui-font-size0);
  cursor: pointer;
}

.jp-Dep-button:hover {
  background: var(--jp-layout-color2);
}

.jp-Dep-button.jp-mod-accept {
  border-color: var(--jp-accept-color-normal, var(--jp-brand-color1));
  background: var(--jp-accept-color-normal, var(--jp-brand-color1));
  color: var(--jp-ui-inverse-font-color1, #fff);
}

.jp-Dep-button.jp-mod-accept:hover {
  background: var(--jp-accept-color-hover, var(--jp-brand-color0));
}

.jp-Dep-panel [aria-disabled='true'],
.jp-Dep-panel select:disabled {
  opacity: 0.5;
  cursor: not-allowed;
}

.jp-Dep-select,
.jp-Dep-input {
  box-sizing: border-box;
  height: 24px;
  max-width: 100%;
  padding: 0 4px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: inherit;
  font-size: var(--jp-ui-font-size0);
}

.jp-Dep-input::placeholder {
  color: var(--jp-ui-font-color2);
}

/* banner and work */

.jp-Dep-banner,
.jp-Dep-work {
  display: flex;
  flex-flow: row wrap;
  gap: 6px;
  padding: 8px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
  border-left: 4px solid var(--jp-info-color1);
  background: var(--jp-layout-color2);
}

.jp-Dep-banner[data-tone='warn'] {
  border-left-color: var(--jp-warn-color1);
}

.jp-Dep-banner[data-tone='error'] {
  border-left-color: var(--jp-error-color1);
}

.jp-Dep-bannerText,
.jp-Dep-bannerDetail {
  flex: 1 0 100%;
  overflow-wrap: anywhere;
}

.jp-Dep-bannerText {
  font-weight: 600;
}

.jp-Dep-bannerDetail {
  font-size: var(--jp-ui-font-size0);
}

.jp-Dep-work {
  display: block;
  border-left-color: var(--jp-brand-color1);
}

.jp-Dep-work .jp-Dep-dim {
  color: var(--jp-ui-font-color1);
}

.jp-Dep-header .jp-Dep-select {
  width: 112px;
}

.jp-Dep-work .jp-Dep-line {
  flex-wrap: nowrap;
  justify-content: space-between;
}

.jp-Dep-bar {
  height: 4px;
  margin: 4px 0;
  overflow: hidden;
  border-radius: 2px;
  background: var(--jp-border-color2);
}

.jp-Dep-bar > span {
  display: block;
  height: 100%;
  background: var(--jp-brand-color1);
  transition: width 0.2s;
}

.jp-Dep-bar[data-unknown='true'] > span {
  width: 30%;
  animation: jp-Dep-slide 1.4s ease-in-out infinite alternate;
}

@keyframes jp-Dep-slide {
  to {
    transform: translateX(233%);
  }
}

/* search */

.jp-Dep-search {
  position: relative;
  padding: 10px 12px 4px;
}

.jp-Dep-searchLine {
  position: relative;
}

.jp-Dep-searchLine .jp-Dep-input {
  width: 100%;
  height: 30px;
  padding: 0 8px 0 28px;
  font-size: var(--jp-ui-font-size1);
}

.jp-Dep-searchIcon {
  position: absolute;
  top: 7px;
  left: 7px;
  display: inline-flex;
}

.jp-Dep-hits {
  position: absolute;
  z-index: 10;
  right: 12px;
  left: 12px;
  max-height: 60vh;
  overflow-y: auto;
  border: 1px solid var(--jp-border-color1);
  background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z6);
}

.jp-Dep-hit {
  padding: 3px 8px;
  cursor: pointer;
}

.jp-Dep-hit:hover {
  background: var(--jp-layout-color2);
}

.jp-Dep-hit[aria-selected='true'] {
  background: var(--jp-layout-color3);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1);
}

.jp-Dep-hit .jp-Dep-line {
  flex-wrap: nowrap;
}

.jp-Dep-mark {
  flex: 0 0 auto;
  padding: 0 4px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  font-size: var(--jp-ui-font-size0);
}

.jp-Dep-mark.jp-mod-warn {
  border-color: var(--jp-warn-color1);
}

.jp-Dep-card {
  display: flex;
  flex-direction: column;
  gap: 4px;
  margin-top: 6px;
  padding: 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  overflow-wrap: anywhere;
}

.jp-Dep-card > .jp-Dep-button {
  align-self: flex-start;
}

.jp-Dep-wrong {
  padding-left: 6px !important;
  border-left: 3px solid var(--jp-error-color1);
}

/* lists */

.jp-Dep-section {
  padding: 8px 12px 0;
}

.jp-Dep-section > summary {
  padding: 2px 0;
  cursor: pointer;
}

.jp-Dep-count {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.jp-Dep-section > summary > .jp-Dep-count {
  margin-left: 6px;
}

.jp-Dep-rows {
  margin: 4px -12px 0 !important;
}

.jp-Dep-row {
  padding: 2px 12px 3px !important;
  border-top: 1px solid var(--jp-border-color3);
  content-visibility: auto;
  contain-intrinsic-height: auto 46px;
}

.jp-Dep-row:hover {
  background: var(--jp-layout-color2);
}

.jp-Dep-row .jp-Dep-line {
  gap: 0 6px;
}

.jp-Dep-name {
  min-width: 0;
  overflow: hidden;
  font-weight: 500;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
}

.jp-Dep-row[data-unused='true'] .jp-Dep-name {
  color: var(--jp-ui-font-color2);
  font-weight: 400;
}

.jp-Dep-bound,
.jp-Dep-newer {
  min-height: 20px;
  max-width: 100%;
  padding: 0 4px;
  overflow: hidden;
  border: 1px dashed var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: transparent;
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  text-overflow: ellipsis;
  white-space: nowrap;
  cursor: pointer;
}

.jp-Dep-bound:hover,
.jp-Dep-newer:hover {
  background: var(--jp-layout-color3);
}

.jp-Dep-newer {
  border: 1px solid var(--jp-warn-color1);
}

.jp-Dep-version {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
}

.jp-Dep-editing {
  flex: 1 1 120px;
}

.jp-Dep-editing .jp-Dep-input {
  width: 100%;
  font-family: var(--jp-code-font-family);
}

.jp-Dep-facts:empty {
  display: none;
}

.jp-Dep-link {
  padding: 0;
  border: none;
  background: transparent;
  color: var(--jp-content-link-color);
  font-family: inherit;
  font-size: inherit;
  cursor: pointer;
}

.jp-Dep-link:hover {
  text-decoration: underline;
}

.jp-Dep-filter {
  width: 100%;
  margin: 4px 0;
}

/* log */

.jp-Dep-entry {
  padding: 4px 0 4px 8px !important;
  border-left: 3px solid var(--jp-success-color1);
  margin: 4px 0;
  overflow-wrap: anywhere;
}

.jp-Dep-entry[data-state='failed'] {
  border-left-color: var(--jp-error-color1);
}

.jp-Dep-entry[data-state='cancelled'] {
  border-left-color: var(--jp-border-color1);
}

.jp-Dep-panel .jp-Dep-lines {
  margin: 2px 0 0;
  font-family: inherit;
  font-size: var(--jp-ui-font-size0);
  white-space: pre-wrap;
}
`,""]),p.d(o,{},{A:t})},314(e){e.exports=function(e){var o=[];return o.toString=function(){return this.map(function(o){var p="",r=void 0!==o[5];return o[4]&&(p+="@supports (".concat(o[4],") {")),o[2]&&(p+="@media ".concat(o[2]," {")),r&&(p+="@layer".concat(o[5].length>0?" ".concat(o[5]):""," {")),p+=e(o),r&&(p+="}"),o[2]&&(p+="}"),o[4]&&(p+="}"),p}).join("")},o.i=function(e,p,r,a,n){"string"==typeof e&&(e=[[null,e,void 0]]);var t={};if(r)for(var i=0;i<this.length;i++){var l=this[i][0];null!=l&&(t[l]=!0)}for(var d=0;d<e.length;d++){var s=[].concat(e[d]);r&&t[s[0]]||(void 0!==n&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=n),p&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=p),a&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=a):s[4]="".concat(a)),o.push(s))}},o}},601(e){e.exports=function(e){return e[1]}},72(e){var o=[];function p(e){for(var p=-1,r=0;r<o.length;r++)if(o[r].identifier===e){p=r;break}return p}function r(e,r){for(var a={},n=[],t=0;t<e.length;t++){var i=e[t],l=r.base?i[0]+r.base:i[0],d=a[l]||0,s="".concat(l," ").concat(d);a[l]=d+1;var c=p(s),j={css:i[1],media:i[2],sourceMap:i[3],supports:i[4],layer:i[5]};if(-1!==c)o[c].references++,o[c].updater(j);else{var f=function(e,o){var p=o.domAPI(o);return p.update(e),function(o){o?(o.css!==e.css||o.media!==e.media||o.sourceMap!==e.sourceMap||o.supports!==e.supports||o.layer!==e.layer)&&p.update(e=o):p.remove()}}(j,r);r.byIndex=t,o.splice(t,0,{identifier:s,updater:f,references:1})}n.push(s)}return n}e.exports=function(e,a){var n=r(e=e||[],a=a||{});return function(e){e=e||[];for(var t=0;t<n.length;t++){var i=p(n[t]);o[i].references--}for(var l=r(e,a),d=0;d<n.length;d++){var s=p(n[d]);0===o[s].references&&(o[s].updater(),o.splice(s,1))}n=l}}},659(e){var o={};e.exports=function(e,p){var r=function(e){if(void 0===o[e]){var p=document.querySelector(e);if(window.HTMLIFrameElement&&p instanceof window.HTMLIFrameElement)try{p=p.contentDocument.head}catch(e){p=null}o[e]=p}return o[e]}(e);if(!r)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");r.appendChild(p)}},540(e){e.exports=function(e){var o=document.createElement("style");return e.setAttributes(o,e.attributes),e.insert(o,e.options),o}},56(e,o,p){e.exports=function(e){var o=p.nc;o&&e.setAttribute("nonce",o)}},825(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var o=e.insertStyleElement(e);return{update:function(p){var r,a,n;r="",p.supports&&(r+="@supports (".concat(p.supports,") {")),p.media&&(r+="@media ".concat(p.media," {")),(a=void 0!==p.layer)&&(r+="@layer".concat(p.layer.length>0?" ".concat(p.layer):""," {")),r+=p.css,a&&(r+="}"),p.media&&(r+="}"),p.supports&&(r+="}"),(n=p.sourceMap)&&"u">typeof btoa&&(r+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(n))))," */")),e.styleTagTransform(r,o,e.options)},remove:function(){var e;null===(e=o).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,o){if(o.styleSheet)o.styleSheet.cssText=e;else{for(;o.firstChild;)o.removeChild(o.firstChild);o.appendChild(document.createTextNode(e))}}},959(e,o,p){var r=p(72),a=p.n(r),n=p(825),t=p.n(n),i=p(659),l=p.n(i),d=p(56),s=p.n(d),c=p(540),j=p.n(c),f=p(113),u=p.n(f),h=p(646),v={};v.styleTagTransform=u(),v.setAttributes=s(),v.insert=l().bind(null,"head"),v.domAPI=t(),v.insertStyleElement=j(),a()(h.A,v),h.A&&h.A.locals&&h.A.locals}}]);