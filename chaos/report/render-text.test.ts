import test from 'ava';
import fc from 'fast-check';
import { renderJson } from './render-json.ts';
import { renderText } from './render-text.ts';
import { anyRecord, brokenRecord, heldRecord, hugeRecord } from './testing/sample-record.ts';

test('nothing that a run says can move the cursor or begin a line', (t) => {
  fc.assert(
    fc.property(anyRecord, fc.constantFrom('\n', '\r', '\u001b[2J', '\u009b'), (record, bad) => {
      const text = renderText({ ...record, name: `${record.name}${bad}HELD`, about: `${bad}HELD` });
      return !/(?!\n)\p{Cc}/u.test(text) && !text.split('\n').includes('HELD');
    }),
  );
  t.pass();
});

test('the first line is the verdict, and every fact of every violation is told', (t) => {
  t.true(renderText(heldRecord).startsWith('HELD  rolling-partitions  (seed 7,'));
  const text = renderText(brokenRecord);
  t.true(text.startsWith('BROKEN  asymmetric-leader'));
  for (const { facts } of brokenRecord.violations) {
    for (const fact of facts) t.true(text.includes(`  - ${fact}\n`), fact);
  }
  const [first] = brokenRecord.violations;
  t.regex(text, /^ +1:37\.250 {2}BROKEN/m, 'it stands in the timeline, too');
  t.true(first !== undefined && text.indexOf(first.text) < text.indexOf('timeline'));
});

test('what could not be made says why, and what is cut is said', (t) => {
  const failed = renderText({ ...heldRecord, verdict: 'failed', failure: 'no runc' });
  t.true(failed.includes('The run could not be made: no runc\n'));
  const text = renderText(hugeRecord(20_000));
  t.true(text.includes('1,000 of 20,000 events are shown.'));
  t.true(text.split('\n').length < 1200);
});

test('the JSON of a run is the run', (t) => {
  t.deepEqual(JSON.parse(renderJson(heldRecord)), JSON.parse(JSON.stringify(heldRecord)));
});
