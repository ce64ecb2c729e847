// Every word the pages say, in English and Chinese. `t` says one; elements with data-word or data-label are said anew
// when the language changes.
const words = {
  en: {
    desk: 'Desk', wall: 'Wallboard', map: 'World map', alarms: 'Alarms', queues: 'Queues', agents: 'Agents', nodes: 'Nodes',
    calls: 'Calls', earlier: 'Earlier calls of this number', language: '中文', theme_auto: 'Auto', theme_light: 'Light',
    theme_dark: 'Dark', nodes_up: 'nodes up', waiting: 'waiting', ringing: 'ringing', connected: 'in conversation',
    available: 'available', on_call: 'on a call', wrap_up: 'wrap-up', after_call: 'After the call', not_ready: 'not ready', is_not_ready: 'Not ready', offline: 'offline', ended: 'ended',
    longest: 'longest', asa: 'ASA', service_level: 'Service level', abandonment: 'Abandoned', ewt: 'EWT', answered: 'Answered',
    target: 'target', in_s: 'in', met: 'met', missed: 'missed', no_calls_yet: 'no calls yet', self: 'answering', up: 'up', down: 'down',
    rtt: 'round trip', lag: 'lag', cut: 'cut', via: 'via', link_cut: 'The link {0} – {1} is cut', all_well: 'All well', no_calls: 'No call is open', live: 'Live', by: 'by', stale: 'No node answers',
    reconnecting: 'Connection lost, trying again', node_down: 'Node {0} is down', minority: '{0} sees no majority of nodes',
    disk_bad: 'Disk of {0}: {1}', skew: 'Clock of {0} is off by {1} ms', lagging: '{0} is {1} changes behind',
    below_target: '{0}: service level {1} %, target {2} %', nobody: 'Nobody is available', clashes: '{0}: records clash ({1})',
    tests_stale: '{0} places no test calls any more', test_of_desk: 'Test calls to {0} in {1} fail: {2}', test_of_node: 'Test calls of {0} fail at {1} places: {2}',
    test_no_connection: 'its own door does not open', test_silent: 'no answer', test_refused: 'refused', test_no_directory: 'it has no directory', test_overload: 'it is full of calls',
    test_draining: 'it is drained', test_disk_full: 'its disk is full', test_disk_failed: 'its disk fails', test_going: 'it stops', test_not_stored: 'not stored in time', test_few_copies: 'too few copies',
    test_no_route: 'routing finds nobody', test_node_silent: "the desk's node is silent", test_desk_silent: 'the desk is silent', test_desk_gone: 'the desk vanished', test_unknown: 'unknown reason',
    withheld: 'number withheld', unknown_place: 'place unknown', placed_by: 'placed by', coordinates: 'coordinates',
    country: 'by country', prefix: 'by number', gateway_site: 'by gateway', unknown: 'unknown', story: 'Story of a call', close: 'Close',
    owner: 'Owner', copies: 'copies', dialled: 'dialled', rank: 'rank', of: 'of', km: 'km', offered_to: 'Offers', no_offers: 'No offer yet',
    accepted: 'accepted', declined: 'declined', no_answer: 'no answer', refused: 'refused', withdrawn: 'withdrawn',
    unreachable: 'unreachable', failed: 'not joined', open: 'rings', abandoned: 'abandoned', expired: 'expired',
    called_back: 'owed a call-back', lost: 'lost', disposition: 'Disposition', queue: 'Queue', caller: 'Caller', speaks: 'Speaks',
    waited: 'Waited', agent: 'Agent', state: 'State', sign_in: 'Sign in', sign_out: 'Sign out', token: 'Token', remember: 'Stay signed in on this device',
    wrong_token: 'That token is not known here.', agent_id: 'Agent', sign_in_why: 'Your token stands with the operations team.',
    ready_for: 'Ready for the next call', ready_hint: 'It rings here. Keep this page open.', accept: 'Accept', decline: 'Decline',
    end: 'End call', go_available: 'Available', go_not_ready: 'Not ready', break: 'Break', lunch: 'Meal', training: 'Training', admin: 'Paperwork',
    incoming: 'Incoming call', rings_for: 'rings for another', connecting: 'Connecting', conversation: 'Conversation', how_did_it_go: 'How did it go?',
    resolved: 'Resolved', forwarded: 'Forwarded', follow_up: 'Follow-up', information: 'Information given', unreachable_caller: 'Caller gone', false_call: 'No emergency',
    saved: 'Saved', from_here: 'From here', none_earlier: 'No earlier call', moving: '{0} is gone, moving to the next node', moved: 'Now at {0}', at_node: 'at {0}',
    superseded: 'You signed in somewhere else. This page is over.', signed_off: 'Signed out.', missed_calls: 'Calls went unanswered', sound_off: 'Click once so that it may ring aloud',
    remembered: 'Not ready after this call', withdrawn_news: 'The call went to somebody else', caller_gone: 'The caller hung up', emergency: 'Emergency', consular: 'Consular protection', consultation: 'Consultation',
    call_back: 'Call back', dial_it: 'Dial this number yourself, then say how it went', reached: 'Reached', no_answer_there: 'No answer', wrong_number: 'Wrong number', other_failure: 'Not reached', tried: 'Tried in vain', owed_since: 'Owed since',
    languages: 'Language', s: 's', min: 'min', reason: 'Reason', more: '{0} more',
  },
  zh: {
    desk: '坐席', wall: '大屏', map: '世界地图', alarms: '告警', queues: '队列', agents: '坐席人员', nodes: '节点',
    calls: '通话', earlier: '该号码的历史来电', language: 'English', theme_auto: '自动', theme_light: '浅色',
    theme_dark: '深色', nodes_up: '节点在线', waiting: '等待', ringing: '振铃', connected: '通话中',
    available: '空闲', on_call: '通话中', wrap_up: '话后处理', after_call: '话后处理', not_ready: '未就绪', is_not_ready: '未就绪', offline: '离线', ended: '已结束',
    longest: '最长等待', asa: '平均应答', service_level: '服务水平', abandonment: '放弃率', ewt: '预计等待', answered: '已应答',
    target: '目标', in_s: '限时', met: '达标', missed: '未达标', no_calls_yet: '尚无来电', self: '应答节点', up: '在线', down: '失联',
    rtt: '往返时延', lag: '滞后', cut: '中断', via: '经由', link_cut: '链路 {0} – {1} 中断', all_well: '一切正常', no_calls: '当前没有通话', live: '实时', by: '来自', stale: '没有节点应答',
    reconnecting: '连接中断，正在重试', node_down: '节点 {0} 失联', minority: '{0} 看不到多数节点',
    disk_bad: '{0} 的磁盘：{1}', skew: '{0} 的时钟偏差 {1} 毫秒', lagging: '{0} 落后 {1} 条变更',
    below_target: '{0}：服务水平 {1}%，目标 {2}%', nobody: '无人空闲', clashes: '{0}：记录冲突（{1}）',
    tests_stale: '{0} 已停止拨测', test_of_desk: '拨测 {1} 的 {0} 失败：{2}', test_of_node: '{0} 拨测失败 {1} 处：{2}',
    test_no_connection: '自身接入端口不通', test_silent: '没有应答', test_refused: '被拒绝', test_no_directory: '没有目录', test_overload: '通话已满',
    test_draining: '正在排空', test_disk_full: '磁盘已满', test_disk_failed: '磁盘故障', test_going: '正在停止', test_not_stored: '未能及时存储', test_few_copies: '副本不足',
    test_no_route: '路由找不到坐席', test_node_silent: '坐席所在节点没有应答', test_desk_silent: '坐席没有应答', test_desk_gone: '坐席已失联', test_unknown: '原因未知',
    withheld: '号码未显示', unknown_place: '位置未知', placed_by: '定位依据', coordinates: '坐标',
    country: '按国家', prefix: '按号码', gateway_site: '按网关', unknown: '未知', story: '通话经过', close: '关闭',
    owner: '所属节点', copies: '份存储', dialled: '拨号', rank: '第', of: '/', km: '公里', offered_to: '派单记录', no_offers: '尚未派单',
    accepted: '已接听', declined: '已拒接', no_answer: '无人应答', refused: '被拒绝', withdrawn: '已撤回',
    unreachable: '无法到达', failed: '未接通', open: '振铃中', abandoned: '已放弃', expired: '已超时',
    called_back: '待回拨', lost: '丢失', disposition: '处理结果', queue: '队列', caller: '来电人', speaks: '语言',
    waited: '等待', agent: '坐席', state: '状态', sign_in: '登录', sign_out: '退出', token: '令牌', remember: '在此设备上保持登录',
    wrong_token: '令牌无效。', agent_id: '坐席编号', sign_in_why: '令牌由运维团队发放。',
    ready_for: '准备接听', ready_hint: '来电将在此振铃，请保持页面打开。', accept: '接听', decline: '拒接',
    end: '结束通话', go_available: '转为空闲', go_not_ready: '未就绪', is_not_ready: '未就绪', break: '休息', lunch: '用餐', training: '培训', admin: '文书',
    incoming: '来电', rings_for: '剩余振铃', connecting: '正在接通', conversation: '通话', how_did_it_go: '处理结果如何？',
    resolved: '已解决', forwarded: '已转交', follow_up: '需跟进', information: '已答复', unreachable_caller: '来电人已离开', false_call: '非紧急',
    saved: '已保存', from_here: '距此', none_earlier: '没有记录', moving: '{0} 失联，正在切换节点', moved: '已切换到 {0}', at_node: '接入 {0}',
    superseded: '您已在别处登录，此页面已停用。', signed_off: '已退出。', missed_calls: '多次未接来电', sound_off: '请点击一次以允许响铃',
    remembered: '本次通话后转为未就绪', withdrawn_news: '来电已由他人处理', caller_gone: '来电人已挂断', emergency: '紧急救助', consular: '领事保护', consultation: '领事咨询',
    call_back: '回拨', dial_it: '请自行拨打该号码，然后记录结果', reached: '已接通', no_answer_there: '无人接听', wrong_number: '号码有误', other_failure: '未接通', tried: '已试次数', owed_since: '待回拨自',
    languages: '语言', s: '秒', min: '分', reason: '原因', more: '另有 {0} 条',
  },
};

const stored = (() => { try { return localStorage.getItem('hotline.language'); } catch { return null; } })();
let language = stored ?? (navigator.language?.startsWith('zh') ? 'zh' : 'en');
const heard = new Set();

export const t = (word, ...values) =>
  (words[language][word] ?? word).replace(/\{(\d)\}/g, (_, index) => values[index]);
export const known = (word) => word in words[language];
export const languageNow = () => language;
export const onLanguage = (say) => heard.add(say);

export function sayAll(root = document) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of root.querySelectorAll('[data-word]')) element.textContent = t(element.dataset.word);
  for (const element of root.querySelectorAll('[data-label]')) element.setAttribute('aria-label', t(element.dataset.label));
}

export function switchLanguage() {
  language = language === 'en' ? 'zh' : 'en';
  try { localStorage.setItem('hotline.language', language); } catch { /* a private window */ }
  sayAll();
  for (const say of heard) say();
}

const locale = () => (language === 'zh' ? 'zh-CN' : 'en-GB');
export const clock = (ms) => new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
export const moment = (ms) => new Intl.DateTimeFormat(locale(),
  { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(ms);
export const percent = (share) => `${(100 * share).toFixed(share >= 0.9995 || share < 0.0005 ? 0 : 1)} %`;

// 4.2 s, 42 s, 3:07
export function seconds(ms) {
  const value = Math.max(0, ms) / 1000;
  if (value < 9.95) return `${value.toFixed(1)} ${t('s')}`;
  if (value < 99.5) return `${Math.round(value)} ${t('s')}`;
  return timer(ms);
}

export function timer(ms) {
  const whole = Math.floor(Math.max(0, ms) / 1000);
  const part = (value) => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:${part(Math.floor(whole / 60) % 60)}` : Math.floor(whole / 60)}:${part(whole % 60)}`;
}

export const countryName = (code) => {
  if (!code) return '';
  try { return new Intl.DisplayNames([locale()], { type: 'region' }).of(code); } catch { return code; }
};
export const languageName = (code) => {
  try { return new Intl.DisplayNames([locale()], { type: 'language' }).of(code); } catch { return code; }
};
export const queueName = (queue) => (known(queue) ? t(queue) : queue);
