// The stream from the server: opened after each restore, watched, and opened again with growing patience when it is gone.

const FIRST_RETRY_MS = 500;
const MOST_RETRY_MS = 15000;
// The server says something each 15 s; twice that without a word and the line is dead, whatever TCP believes.
const SILENT_MS = 35000;

export class Stream {
  // restore() brings the page up to date from REST and gives the event id to go on from; hear(name, data) takes what
  // comes; status(live, since) is told of each change.
  constructor(restore, hear, status, names = ["device", "event", "incidents", "database", "beat"]) {
    this.names = names;
    this.restore = restore;
    this.hear = hear;
    this.status = status;
    this.source = null;
    this.retryMs = FIRST_RETRY_MS;
    this.timer = 0;
    this.watchdog = 0;
    this.live = false;
  }

  async open() {
    clearTimeout(this.timer);
    this.close();
    try {
      const sinceId = await this.restore();
      this.connect(sinceId);
    } catch (error) {
      this.lost(error.message);
    }
  }

  connect(sinceId) {
    const source = new EventSource(`/api/live?since_id=${sinceId}`);
    this.source = source;
    for (const name of this.names) {
      source.addEventListener(name, (message) => {
        if (source !== this.source) return;
        this.alive();
        this.hear(name, JSON.parse(message.data));
      });
    }
    source.onopen = () => source === this.source && this.alive();
    // EventSource would come back by itself, but without what REST restores.
    source.onerror = () => source === this.source && this.lost("the stream is gone");
    this.watch();
  }

  alive() {
    this.retryMs = FIRST_RETRY_MS;
    this.watch();
    if (!this.live) {
      this.live = true;
      this.status(true, "");
    }
  }

  watch() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lost("the server is silent"), SILENT_MS);
  }

  lost(why) {
    this.close();
    this.live = false;
    this.status(false, why);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), this.retryMs * (0.75 + Math.random() / 2));
    this.retryMs = Math.min(MOST_RETRY_MS, this.retryMs * 2);
  }

  close() {
    clearTimeout(this.watchdog);
    if (this.source) this.source.close();
    this.source = null;
  }
}
