/* orders.c: a transaction over two keyspaces, which is run again when it loses to another one. orders PATH */
#include <ldb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int32_t status) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", ldb_status_name(status), ldb_last_error());
  exit(1);
}

static ldb_handle keyspace(ldb_handle db, const char *name) {
  ldb_handle handle;
  check(ldb_keyspace_open(db, name, NULL, &handle));
  return handle;
}

/* Takes items from the stock, and notes the order. Returns 0 when there are not enough. */
static int order(ldb_handle db, ldb_handle stock, ldb_handle orders, const char *item, uint32_t count, const char *number) {
  for (;;) {
    ldb_handle transaction, stock_view, orders_view;
    uint32_t left = 0;
    size_t length;
    check(ldb_transaction_begin(db, NULL, &transaction));
    check(ldb_in(transaction, stock, &stock_view));
    check(ldb_in(transaction, orders, &orders_view));
    check(ldb_get(stock_view, item, strlen(item), &left, sizeof left, &length));
    int is_enough = left >= count;
    int32_t status = LDB_OK;
    if (is_enough) {
      left -= count;
      check(ldb_put(stock_view, item, strlen(item), &left, sizeof left, NULL));
      check(ldb_put(orders_view, number, strlen(number), item, strlen(item), NULL));
      status = ldb_transaction_commit(transaction, NULL);
    }
    /* Closing an open transaction rolls it back. */
    check(ldb_close(transaction));
    ldb_close(stock_view);
    ldb_close(orders_view);
    if (status == LDB_CONFLICT) continue;
    check(status);
    return is_enough;
  }
}

int main(int count, char **values) {
  ldb_handle db, iterator;
  const void *key, *value;
  size_t key_bytes, value_bytes;
  uint32_t apples = 5;
  if (count != 2) return 2;
  check(ldb_open(values[1], NULL, &db));
  ldb_handle stock = keyspace(db, "stock"), orders = keyspace(db, "orders");
  check(ldb_put(stock, "apple", 5, &apples, sizeof apples, NULL));
  printf("first: %s\n", order(db, stock, orders, "apple", 3, "0001") ? "ordered" : "not enough");
  printf("second: %s\n", order(db, stock, orders, "apple", 3, "0002") ? "ordered" : "not enough");
  printf("third: %s\n", order(db, stock, orders, "apple", 2, "0003") ? "ordered" : "not enough");
  check(ldb_iterator_open(orders, NULL, &iterator));
  while (ldb_iterator_next(iterator) == LDB_OK) {
    check(ldb_iterator_entry(iterator, &key, &key_bytes, &value, &value_bytes));
    printf("%.*s %.*s\n", (int)key_bytes, (const char *)key, (int)value_bytes, (const char *)value);
  }
  check(ldb_close(db));
  return 0;
}
